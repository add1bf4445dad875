from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from covernance.model.context_name import ContextName, pattern
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
NAMES = st.builds(ContextName, THEMES, st.just(value=True), TESTS) | st.builds(ContextName, THEMES)


@given(THEMES, TESTS)
def test_the_tool_reads_what_the_agent_writes(theme: str, test: str) -> None:
    name = ContextName(theme, after_collection=True, test=test)
    assert full_name(theme, test) == str(name)
    assert ContextName.parse(full_name(theme, test)) == name
    assert ContextName.parse(f"{theme}|{dynamic_part(test)}") == name


@given(NAMES)
def test_the_agent_reads_what_the_tool_writes(name: ContextName) -> None:
    assert read_theme(str(name)) == (name.theme, not name.after_collection)
    assert (MARK in str(name)[: len(name.theme) + len(MARK)]) is bool(name.test)
    assert remove_test(str(name)) == str(replace(name, test=""))


@given(NAMES, THEMES)
def test_patterns_select_the_contexts_of_a_theme(name: ContextName, theme: str) -> None:
    for searched in (theme, name.theme):
        is_own = searched == name.theme
        assert bool(re.search(theme_pattern(searched), str(name))) is is_own
        assert bool(re.search(pattern(searched), str(name))) is is_own
        imported = is_own and not name.after_collection
        assert bool(re.search(import_pattern(searched), str(name))) is imported


def test_names_are_those_of_stored_data() -> None:
    assert full_name("security") == "security|run"
    assert full_name("security", "t.py::test") == "security|run|t.py::test"
