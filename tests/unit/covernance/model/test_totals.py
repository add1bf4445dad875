from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult
from covernance.model.totals import sum_files, sum_theme

pytestmark = pytest.mark.reliability

COUNTS = st.builds(
    lambda ran, missed, taken, left: Counts(ran + missed, ran, taken + left, taken),
    *(st.integers(0, 99) for _ in range(4)),
)
FILES = st.dictionaries(
    st.text(),
    st.builds(
        lambda whole, raw, earned: FileResult(total=whole, themes={"x": FileCell(raw, earned)}),
        COUNTS,
        COUNTS,
        COUNTS,
    ),
)


@given(FILES)
def test_each_number_is_summed_over_all_files(files: dict[str, FileResult]) -> None:
    for name in ("statements", "executed", "branches", "taken"):
        assert getattr(sum_files(files), name) == sum(
            getattr(file.total, name) for file in files.values()
        )
        for kind in ("raw", "earned"):
            assert getattr(getattr(sum_theme(files, "x"), kind), name) == sum(
                getattr(getattr(file.themes["x"], kind), name) for file in files.values()
            )


@given(FILES, FILES)
def test_the_total_of_two_sets_of_files_is_the_sum_of_their_totals(
    first: dict[str, FileResult], second: dict[str, FileResult]
) -> None:
    both = {f"1/{path}": file for path, file in first.items()}
    both |= {f"2/{path}": file for path, file in second.items()}
    assert sum_files(both) == sum_files(first) + sum_files(second)
