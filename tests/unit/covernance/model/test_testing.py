from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.testing import is_flaky, rank_slowest

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("outcomes", "flaky"),
    [
        ([], False),
        (["passed", "passed"], False),
        (["passed", "failed"], True),
        (["error", "skipped", "passed"], True),
        (["xpassed", "xfailed"], True),
        (["failed", "error", "xfailed"], False),
        (["passed", "skipped"], False),
        (["failed", "skipped"], False),
    ],
)
def test_a_test_is_flaky_if_it_ended_both_ways(outcomes: list[str], *, flaky: bool) -> None:
    assert is_flaky(outcomes) is flaky


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 5)), st.integers(0, 5))
def test_the_slowest_come_first_and_nothing_slower_is_left_out(
    times: dict[str, float], most: int
) -> None:
    ranked = rank_slowest(times.items(), most)
    assert len(ranked) == min(most, len(times))
    assert ranked == sorted(ranked, key=lambda item: (-item[1], item[0]))
    left_out = times.keys() - dict(ranked).keys()
    assert all(times[test] <= seconds for test in left_out for _, seconds in ranked)
