from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.context_name import ContextName, pattern

pytestmark = pytest.mark.architecture

THEMES = st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True)
NAMES = st.builds(ContextName, THEMES, st.just(value=True), st.text()) | st.builds(
    ContextName, THEMES
)


@given(NAMES, THEMES)
def test_a_pattern_matches_every_context_of_its_theme_and_no_other(
    name: ContextName, other: str
) -> None:
    assert re.search(pattern(name.theme), str(name))
    assert bool(re.search(pattern(other), str(name))) is (other == name.theme)
    assert not re.search(pattern(f"{other}{name.theme}"), str(name))
    assert not re.search(pattern(f"{name.theme}{other}"), str(name))


@given(NAMES)
def test_a_written_name_is_read_back(name: ContextName) -> None:
    assert ContextName.parse(str(name)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("security", ContextName("security")),
        ("security|run", ContextName("security", after_collection=True)),
        (
            "security|run|t.py::test[a|b]",
            ContextName("security", after_collection=True, test="t.py::test[a|b]"),
        ),
    ],
)
def test_names_are_those_of_stored_data(text: str, name: ContextName) -> None:
    assert ContextName.parse(text) == name
    assert str(name) == text


@pytest.mark.reliability
def test_what_other_tools_wrote_after_the_theme_is_no_test() -> None:
    expected = ContextName("security", after_collection=True)
    assert ContextName.parse("security|setup|t.py") == expected
    assert ContextName.parse("security|") == expected
    assert ContextName.parse("") == ContextName("")
