from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.text import escape_unprintable, short_commit

pytestmark = pytest.mark.security


@given(st.text())
def test_escaped_text_can_not_control_a_terminal(text: str) -> None:
    assert escape_unprintable(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_printable_text_does_not_change(text: str) -> None:
    assert escape_unprintable(text) == text


def test_an_escape_sequence_is_shown_by_its_code() -> None:
    assert escape_unprintable("a\x1b[31m\nb\u202e") == "a\\x1b[31m\\nb\\u202e"


def test_a_backslash_is_shown_once() -> None:
    assert escape_unprintable(r"C:\new") == r"C:\new"


@pytest.mark.architecture
def test_a_commit_is_named_by_its_first_digits_and_none_by_a_whole_word() -> None:
    assert short_commit("0123456789abcdef" * 3) == "0123456789ab"
    assert short_commit("0123") == "0123"
    assert short_commit(None, "no commit is known") == "no commit is known"
    assert short_commit("", "none") == "none"
    assert short_commit(None) == ""
