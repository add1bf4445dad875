from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.shell.columns import align

pytestmark = pytest.mark.architecture

CELLS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=9)
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
)


def test_header_is_underlined_and_numbers_are_right_aligned() -> None:
    rows = [("suite", "tests"), ("api", "7"), ("logging", "123")]
    assert align(rows, right={1}).splitlines() == [
        "suite    tests",
        "-------  -----",
        "api          7",
        "logging    123",
    ]


def test_lines_have_no_trailing_spaces() -> None:
    assert align([("a", "note"), ("b", "")]).splitlines()[2] == "b"


@given(ROWS, st.sets(st.integers(0, 3)))
def test_every_cell_fits_its_column(rows: list[list[str]], right: set[int]) -> None:
    head, rule, *body = align(rows, right=right).splitlines()
    widths = [len(dashes) for dashes in rule.split("  ")]
    for line, row in zip([head, *body], rows, strict=True):
        start = 0
        for width, cell in zip(widths, row, strict=True):
            assert line[start : start + width].strip() == cell
            start += width + 2
