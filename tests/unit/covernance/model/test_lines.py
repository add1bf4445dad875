from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import covernance_agent.lines
from covernance.errors import InputError
from covernance.model.lines import decode, encode

pytestmark = pytest.mark.architecture


@given(st.frozensets(st.integers(1, 10_000)))
def test_written_lines_are_read_back(lines: frozenset[int]) -> None:
    assert decode(encode(lines)) == lines


@given(st.frozensets(st.integers(1, 300)))
def test_the_agent_writes_the_same_text(lines: frozenset[int]) -> None:
    assert covernance_agent.lines.encode(lines) == encode(lines)


def test_consecutive_lines_are_written_as_spans() -> None:
    assert encode([7, 2, 1, 3, 3]) == "1-3,7"
    assert encode([]) == ""


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["x", "3-1", "0", "-4", "1,,2", "1-2-3", "1-999999999999"])
def test_any_other_text_is_rejected(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a span of lines; run the suite again"):
        decode(text)
