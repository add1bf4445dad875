from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.context_name import ContextName, pattern
from covernance_agent.context_name import (
    dynamic_part,
    full_name,
    read_theme,
    remove_test,
    theme_pattern,
)

pytestmark = pytest.mark.architecture

THEMES = st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True)
TESTS = st.text() | st.sampled_from(["t.py::test[a|b]", "|", "run|", "t.py|run|x"])
NAMES = st.builds(ContextName, THEMES, st.just(value=True), TESTS) | st.builds(ContextName, THEMES)


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


@given(THEMES, TESTS)
def test_names_that_the_agent_writes_are_read(theme: str, test: str) -> None:
    name = ContextName(theme, after_collection=True, test=test)
    assert full_name(theme, test) == str(name)
    assert ContextName.parse(full_name(theme, test)) == name
    assert ContextName.parse(f"{theme}|{dynamic_part(test)}") == name


@given(NAMES, THEMES)
def test_the_agent_reads_every_name_in_the_same_way(name: ContextName, other: str) -> None:
    text = str(name)
    assert read_theme(text) == (name.theme, not name.after_collection)
    assert ContextName.parse(remove_test(text)) == msgspec.structs.replace(name, test="")
    for theme in (name.theme, other):
        assert bool(re.search(theme_pattern(theme), text)) is bool(re.search(pattern(theme), text))
