from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.lines import count_bits, encode
from tests.unit.covernance_agent.results import lines_of, text_of

pytestmark = pytest.mark.architecture


@given(st.sets(st.integers(1, 300)))
def test_lines_are_written_as_spans(numbers: set[int]) -> None:
    assert encode(numbers) == text_of(numbers)
    assert lines_of(encode(numbers)) == numbers


@given(st.integers(0))
def test_set_bits_are_counted(bits: int) -> None:
    assert count_bits(bits) == sum(digit == "1" for digit in f"{bits:b}")
