from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.text import escape_unprintable

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
