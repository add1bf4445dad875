from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.text import count, cut, escape_unprintable, join_some, short_commit

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


@pytest.mark.architecture
@given(st.lists(st.text(), max_size=10))
def test_a_short_list_is_complete(items: list[str]) -> None:
    assert cut(items) == items


@pytest.mark.reliability
def test_a_long_list_ends_with_a_count_and_the_command_that_shows_all() -> None:
    items = [str(number) for number in range(12)]
    assert cut(items) == [*items[:10], "… and 2 more"]
    assert cut(iter(items), 11, command="covernance plan") == [
        *(*items[:11], "… and 1 more; `covernance plan` shows all")
    ]


@pytest.mark.reliability
def test_a_long_list_in_a_sentence_is_cut_too() -> None:
    assert join_some("abcde") == "a, b, c, d, e"
    assert join_some("abcde", 2) == "a, b, … and 3 more"


@pytest.mark.parametrize(("number", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_a_number_of_things_is_singular_or_plural(number: int, text: str) -> None:
    assert count(number, "row") == text
