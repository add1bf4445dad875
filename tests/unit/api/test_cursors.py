from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.cursors import InvalidCursorError, make_cursor, read_cursor

ANCHOR = "0123456789abcdef0123456789abcdef"
QUESTION = ("acme", "widgets", "api", None)

anchors = st.binary(min_size=16, max_size=16).map(bytes.hex)
questions = st.tuples(*[st.none() | st.text()] * 4)


@pytest.mark.architecture
@given(anchors, questions)
def test_a_cursor_reads_back_to_its_anchor(anchor: str, question: tuple[str | None, ...]) -> None:
    assert read_cursor(make_cursor(anchor, question), question) == anchor


@pytest.mark.architecture
def test_a_cursor_needs_no_quoting_in_a_query() -> None:
    cursor = make_cursor(ANCHOR, QUESTION)

    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.security
@pytest.mark.parametrize(
    "other",
    [
        ("globex", "widgets", "api", None),
        ("acme", "gadgets", "api", None),
        ("acme", "widgets", "auth", None),
        ("acme", "widgets", "api", "main"),
        ("acme", "widgets", None, "api"),
    ],
)
def test_a_cursor_is_of_no_use_for_another_question(other: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidCursorError):
        read_cursor(make_cursor(ANCHOR, QUESTION), other)


@pytest.mark.security
@given(st.integers(0, 31), st.characters(codec="ascii"))
def test_a_cursor_that_was_altered_anywhere_is_refused(place: int, character: str) -> None:
    cursor = make_cursor(ANCHOR, QUESTION)
    altered = cursor[:place] + character + cursor[place + 1 :]

    if altered != cursor:
        with pytest.raises(InvalidCursorError):
            read_cursor(altered, QUESTION)


@pytest.mark.reliability
@given(st.text())
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        read_cursor(text, QUESTION)
