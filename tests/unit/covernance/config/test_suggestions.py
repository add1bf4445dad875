from __future__ import annotations

import pytest

from covernance.config.suggestions import did_you_mean

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("name", "hint"),
    [("fail-udner", " (did you mean 'fail-under'?)"), ("zzz", ""), ("", "")],
)
def test_the_nearest_name_is_suggested_if_there_is_one(name: str, hint: str) -> None:
    assert did_you_mean(name, iter(["max-drop", "fail-under"])) == hint
