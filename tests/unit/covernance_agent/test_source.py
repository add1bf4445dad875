from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.source import Source, branches, forks, packed, unpacked

pytestmark = pytest.mark.reliability

LINES = st.integers(-(2**31) + 1, 2**31 - 1)
STEPS = st.tuples(LINES, LINES)
FEW = st.integers(1, 6)
SAMPLE = Source(
    statements={1, 2, 5},
    excluded=set(),
    no_branch=set(),
    first_lines={3: 2, 4: 2},
    steps=[],
    # Steps out of `with` blocks: each counts as another step, which may count as a third.
    jumps={(5, 6): (5, 8), (2, 9): None, (3, 6): (2, 8), (6, 7): (7, 8), (7, 8): (1, 1)},
    exits={},
    branches=[],
    regions=b"",
)
"""Lines 2 to 4 are one statement."""


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


@pytest.mark.parametrize(
    ("recorded", "line"), [(1, 1), (2, 2), (3, 2), (4, 2), (-1, -1), (-3, -2), (-4, -2)]
)
def test_a_line_counts_as_the_first_of_its_statement(recorded: int, line: int) -> None:
    assert SAMPLE.line(recorded) == line


@pytest.mark.parametrize(
    ("step", "counted"),
    [
        ((1, 3), (1, 2, (1, 2))),
        ((3, 5), (2, 5, (2, 5))),
        ((-3, 4), (-2, 2, (-2, 2))),
        ((4, -4), (2, -2, (2, -2))),
        ((5, 6), (5, 6, (5, 8))),
        ((2, 9), (2, 9, None)),
        ((4, 9), (2, 9, None)),
        ((3, 6), (2, 6, (2, 8))),
        ((6, 7), (6, 7, (1, 1))),
    ],
)
def test_a_step_counts_as_its_lines_and_as_the_branch_that_was_taken(
    step: tuple[int, int], counted: tuple[int, int, tuple[int, int] | None]
) -> None:
    assert list(SAMPLE.counted([step])) == [counted]
    assert [known[:2] for known in SAMPLE._replace(jumps={}).counted([step])] == [counted[:2]]
