from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.context_name import (
    MARK,
    dynamic_part,
    full_name,
    import_pattern,
    read_theme,
    remove_test,
    theme_pattern,
)

pytestmark = pytest.mark.architecture

THEMES = st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True)
TESTS = st.text() | st.sampled_from(["t.py::test[a|b]", "|", "run|", "t.py|run|x"])


@given(THEMES, TESTS)
def test_theme_is_read_back_from_every_context(theme: str, test: str) -> None:
    assert read_theme(theme) == (theme, True)
    assert read_theme(full_name(theme, test)) == (theme, False)
    assert remove_test(theme) == theme
    assert remove_test(full_name(theme, test)) == full_name(theme)


@given(THEMES, THEMES, TESTS)
def test_patterns_select_the_contexts_of_a_theme(theme: str, other: str, test: str) -> None:
    for searched in (theme, other):
        is_own = searched == theme
        assert bool(re.search(theme_pattern(searched), theme)) is is_own
        assert bool(re.search(theme_pattern(searched), full_name(theme, test))) is is_own
        assert bool(re.search(import_pattern(searched), theme)) is is_own
        assert not re.search(import_pattern(searched), full_name(theme, test))


def test_names_are_those_of_stored_data() -> None:
    assert (dynamic_part(), full_name("security")) == ("run", "security|run")
    assert dynamic_part("t.py::test") == "run|t.py::test"
    assert full_name("security", "t.py::test") == "security|run|t.py::test"
    assert MARK in "security|run|t.py::test"
    assert MARK not in "security|run"
