from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from covernance.config import Suite
from covernance.engine.theme_result import ThemeResult
from covernance.errors import ConfigError
from covernance.run import unknown_markers

pytestmark = pytest.mark.security

Build = Callable[..., ThemeResult]


def test_known_markers_and_a_pass_that_died_are_no_mistake(suite: Suite, finished: Build) -> None:
    unknown_markers.reject([suite], [finished("architecture"), finished("security", died=True)])


@pytest.mark.reliability
def test_a_marker_is_named_once_for_all_passes_of_a_suite(suite: Suite, finished: Build) -> None:
    results = [finished(theme, unknown_markers=["security"]) for theme in ("reliability", "speed")]
    with pytest.raises(ConfigError) as caught:
        unknown_markers.reject([suite], results)
    assert str(caught.value) == (
        "pyproject.toml: [tool.covernance] themes: 'security' is a marker of no test of suite api, "
        "and pytest's setting `markers` does not declare it; correct the name, or declare the "
        "marker"
    )


def test_a_marker_that_is_no_theme_is_of_the_suites_own_expression(
    suite: Suite, finished: Build
) -> None:
    other = msgspec.structs.replace(suite, name="auth")
    with pytest.raises(ConfigError, match=r"suites\.api\.select: 'slwo' "):
        unknown_markers.reject([other, suite], [finished(unknown_markers=["slwo"])])
