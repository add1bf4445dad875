from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.slices import Group, file_result, group
from covernance_agent.source import Arc, Counted, packed
from tests.unit.covernance_agent.results import Counts, Result, decoded, lines_of

pytestmark = pytest.mark.reliability

THEMES = ("a", "b")
LINES = range(1, 7)
ARCS = st.tuples(st.sampled_from(LINES), st.sampled_from(LINES))


@dataclass
class Program:
    """A source whose recorded steps count as themselves."""

    statements: set[int]
    branches: list[Arc]
    settled: list[int]

    @property
    def excluded(self) -> set[int]:
        return set(LINES) - self.statements

    @property
    def exits(self) -> dict[int, int]:
        starts = [start for start, _ in self.branches]
        return {start: starts.count(start) for start in sorted(set(starts))}

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        return ((start, end, (start, end)) for start, end in steps)


PROGRAMS = st.builds(
    lambda statements, arcs, known: Program(
        statements, sorted(arc for arc in arcs if arc[0] in statements), [*map(packed, known)]
    ),
    st.sets(st.sampled_from(LINES)),
    st.sets(ARCS),
    st.sets(ARCS),
)
RAN = st.dictionaries(
    st.sampled_from([("", False), *((theme, i) for theme in THEMES for i in (True, False))]),
    st.sets(ARCS),
)


def count(code: Program, ran: dict[Group, set[Arc]], *, branches: bool) -> Result:
    steps = {key: {packed(arc) for arc in arcs} for key, arcs in ran.items()}
    (result,) = decoded({"": file_result(code, steps, THEMES, branches=branches)}).values()
    return result


def executed(code: Program, arcs: set[Arc]) -> set[int]:
    return code.statements & {line for arc in arcs for line in arc}


def counts(code: Program, arcs: set[Arc], *, branches: bool) -> Counts:
    """The same counts, computed with sets."""
    must = set(code.branches) if branches else set()
    return Counts(len(code.statements), len(executed(code, arcs)), len(must), len(must & arcs))


def together(ran: dict[Group, set[Arc]], *groups: Group) -> set[Arc]:
    return set().union(*(ran.get(key, set()) for key in groups))


@given(PROGRAMS, RAN, st.booleans())
def test_counts_equal_those_of_sets(
    code: Program,
    ran: dict[Group, set[Arc]],
    branches: bool,  # noqa: FBT001 - drawn
) -> None:
    result = count(code, ran, branches=branches)
    everything = together(ran, *ran)
    assert result.total == counts(code, everything, branches=branches)
    assert lines_of(result.executed_lines) == executed(code, everything)
    assert lines_of(result.missing_lines) == code.statements - executed(code, everything)
    imported = together(ran, *((theme, True) for theme in THEMES))
    assert lines_of(result.imported_lines) == executed(code, imported)
    for theme in THEMES:
        cell, at_import = result.themes[theme], together(ran, (theme, True))
        all_of_it = at_import | together(ran, (theme, False))
        assert cell.raw == counts(code, all_of_it, branches=branches)
        assert cell.earned == cell.raw.beyond(counts(code, at_import, branches=branches))
        assert lines_of(cell.executed_lines) == executed(code, all_of_it)
        assert lines_of(cell.earnable) == code.statements - executed(code, at_import)


@given(PROGRAMS, RAN)
def test_branches_are_counted_per_line_and_missing_if_their_line_ran(
    code: Program, ran: dict[Group, set[Arc]]
) -> None:
    result = count(code, ran, branches=True)
    everything = together(ran, *ran)
    taken = set(code.branches) & everything
    assert result.branches == {
        line: (number, sum(start == line for start, _ in taken))
        for line, number in code.exits.items()
    }
    ran_lines = executed(code, everything)
    assert list(result.missing_branches) == [
        arc for arc in code.branches if arc not in taken and arc[0] in ran_lines
    ]


def test_branches_that_importing_took_can_not_be_earned() -> None:
    code = Program({1, 2, 3, 4}, [(1, 2), (1, 3), (4, 1), (4, 2)], [])
    ran = {("a", True): {(1, 2), (4, 1), (4, 2)}, ("a", False): {(1, 3)}}
    assert count(code, ran, branches=True).themes["a"].earnable_branches == {1: (1, 1)}


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("a", ("a", True)),
        ("a|run", ("a", False)),
        ("a|run|t.py::t|x", ("a", False)),
        ("ab|run", ("", False)),
        ("", ("", False)),
        ("b", ("b", True)),
    ],
)
def test_the_theme_of_a_context_is_the_part_before_the_bar(context: str, expected: Group) -> None:
    assert group(context, THEMES) == expected
