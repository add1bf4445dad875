from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.source import branches, forks, packed, unpacked

pytestmark = pytest.mark.reliability

LINES = st.integers(-(2**31) + 1, 2**31 - 1)
STEPS = st.tuples(LINES, LINES)
FEW = st.integers(1, 6)


@given(STEPS)
def test_unpacking_a_packed_step_gives_the_step(step: tuple[int, int]) -> None:
    assert unpacked(packed(step)) == step


@given(STEPS, STEPS)
def test_packed_steps_sort_like_steps(first: tuple[int, int], second: tuple[int, int]) -> None:
    assert (packed(first) < packed(second)) is (first < second)


@given(st.dictionaries(FEW, st.integers(0, 3)))
def test_only_a_line_with_several_exits_is_a_fork(exits: dict[int, int]) -> None:
    found = forks(exits)
    assert found == {line: number for line, number in exits.items() if number > 1}
    assert list(found) == sorted(found)


@given(st.sets(st.tuples(FEW, FEW)), st.sets(FEW), st.sets(FEW), st.sets(FEW))
def test_branches_start_at_forks_and_excluded_ones_are_left_out(
    arcs: set[tuple[int, int]], exits: set[int], no_branch: set[int], excluded: set[int]
) -> None:
    found = branches(arcs, exits, no_branch, excluded)
    assert found == sorted(found)
    assert set(found) <= arcs
    for start, end in arcs:
        missing = start in exits and start not in no_branch and end not in excluded
        assert ((start, end) in found) is missing
