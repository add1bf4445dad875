from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.context_name import RUN, pattern, split

pytestmark = pytest.mark.architecture

THEMES = st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True)


@given(THEMES, st.text())
def test_a_pattern_matches_every_context_of_its_theme(theme: str, test: str) -> None:
    for context in (theme, f"{theme}|{RUN}", f"{theme}|{RUN}|{test}"):
        assert re.search(pattern(theme), context)


@given(THEMES, THEMES)
def test_a_pattern_matches_no_context_of_another_theme(theme: str, other: str) -> None:
    for context in (f"{theme}{other}", f"{other}{theme}|{RUN}", f"{other}|{RUN}|{theme}"):
        assert bool(re.search(pattern(theme), context)) is (context.split("|")[0] == theme)


@pytest.mark.parametrize(
    ("context", "parts"),
    [
        ("security", ("security", "")),
        ("security|run", ("security|run", "")),
        ("security|run|t.py::test[a|b]", ("security|run", "t.py::test[a|b]")),
    ],
)
def test_a_context_is_split_into_theme_and_test(context: str, parts: tuple[str, str]) -> None:
    assert split(context) == parts
