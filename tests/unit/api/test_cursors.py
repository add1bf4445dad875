from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.cursors import InvalidCursorError, make_cursor, read_cursor

ANCHOR = "0123456789abcdef0123456789abcdef"
QUESTION = ("acme", "widgets", "api", None)

anchors = st.binary(min_size=16, max_size=16).map(bytes.hex)
queries = st.tuples(*[st.none() | st.text()] * 4)


@pytest.mark.architecture
@given(anchors, queries)
def test_reading_a_cursor_returns_its_anchor(anchor: str, query: tuple[str | None, ...]) -> None:
    assert read_cursor(make_cursor(anchor, query), query) == anchor


@pytest.mark.architecture
def test_a_cursor_needs_no_quoting_in_a_url() -> None:
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
def test_a_cursor_of_another_query_is_rejected(other: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidCursorError):
        read_cursor(make_cursor(ANCHOR, QUESTION), other)


@pytest.mark.security
@given(st.integers(0, 31), st.characters(codec="ascii"))
def test_a_cursor_altered_at_any_position_is_rejected(place: int, character: str) -> None:
    cursor = make_cursor(ANCHOR, QUESTION)
    altered = cursor[:place] + character + cursor[place + 1 :]

    if altered != cursor:
        with pytest.raises(InvalidCursorError):
            read_cursor(altered, QUESTION)


@pytest.mark.reliability
@given(st.text())
def test_any_other_text_is_rejected_without_a_server_error(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        read_cursor(text, QUESTION)
