"""Counts per file and theme: the statements and branches that ran, out of those that could.

The numbers equal coverage.py's own, for all contexts together and for each theme. A theme has the
contexts `<theme>`, for what importing and collecting executed, and `<theme>|…`, for what its tests
executed. Sets of lines and branches are integers, one bit each (see `_BitSets`): a file has
hundreds of them, and they are combined for every theme and file.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import Any, Protocol

from covernance_agent.context_name import read_theme
from covernance_agent.lines import count_bits, encode, encode_bits
from covernance_agent.source import Arc, Counted, unpacked

Counts = dict[str, int]
"""`statements` and `branches`: the totals; `executed` and `taken`: how many of each ran."""

Branches = dict[int, tuple[int, int]]
"""For each line with more than one exit: the number of exits, and how many were taken."""

FileResult = dict[str, Any]
"""The counts of one file, as `covernance.model.snapshot.FileResult` reads them."""


class Code(Protocol):
    """The analysis of a file; `covernance_agent.source.Source` explains each attribute."""

    @property
    def statements(self) -> set[int]: ...  # noqa: D102 - see Source

    @property
    def excluded(self) -> set[int]: ...  # noqa: D102 - see Source

    @property
    def exits(self) -> Mapping[int, int]: ...  # noqa: D102 - see Source

    @property
    def branches(self) -> Sequence[Arc]: ...  # noqa: D102 - see Source

    @property
    def settled(self) -> Iterable[int]: ...  # noqa: D102 - see Source

    def counted(self, steps: Iterable[Arc]) -> Iterable[Counted]: ...  # noqa: D102 - see Source


Group = tuple[str, bool]
"""A theme, and whether importing rather than a test ran the code."""


def group(context: str, themes: Container[str]) -> Group:
    """The group of a context; a context without a theme counts only for the total."""
    theme, importing = read_theme(context)
    return (theme, importing) if theme in themes else ("", False)


def file_result(
    code: Code, ran: Mapping[Group, AbstractSet[int]], themes: Iterable[str], *, branches: bool
) -> FileResult:
    """Count one file.

    Args:
        code: The analysis of the file.
        ran: The steps that ran, packed (see `covernance_agent.source`), for each group.
        themes: The themes to count.
        branches: Whether branches were measured.
    """
    bit_sets = _BitSets(code, branches=branches)
    bits = bit_sets.bits(ran)
    everything = reduce(or_, bits.values(), 0)
    importing = {theme: bits.get((theme, True), 0) for theme in themes}
    return {
        "total": bit_sets.counts(everything),
        "themes": {
            theme: bit_sets.cell(imported | bits.get((theme, False), 0), imported)
            for theme, imported in importing.items()
        },
        "executed_lines": bit_sets.executed(everything),
        "missing_lines": bit_sets.missing(everything),
        "excluded_lines": encode(code.excluded),
        "imported_lines": bit_sets.executed(reduce(or_, importing.values(), 0)),
        "branches": bit_sets.branches(everything),
        "missing_branches": bit_sets.missing_branches(everything),
    }


class _BitSets:
    """Sets of statements and branches of one file as integers, with one bit for each.

    The low bits are the branches that can be missed, in the order of `code.branches`. The lines are
    above them: with W such branches, line N is bit W + N. With the branches (2, 3) and (2, 5), so
    W = 2, a run of lines 1, 2 and 3 that took the first branch is

        lines     5 4 3 2 1 0   branches  (2, 5) (2, 3)
                  0 0 1 1 1 0                  0      1     = 0b001110_01

    `bits >> W` is thus a set of lines as `covernance_agent.lines` writes it. Bits of lines are set
    only for statements. `|` joins sets; `a & ~b` is what `a` has and `b` lacks.
    """

    def __init__(self, code: Code, *, branches: bool) -> None:
        self._code = code
        self._exits = code.exits if branches else {}
        can_miss = code.branches if branches else ()
        self._width = len(can_miss)
        self._branch_bits = {arc: 1 << place for place, arc in enumerate(can_miss)}
        self._branches_of = {
            line: sum(self._branch_bits[arc] for arc in arcs)
            for line, arcs in groupby(can_miss, itemgetter(0))
        }
        self._line_bits = {line: 1 << line + self._width for line in code.statements}
        self._statements = reduce(or_, self._line_bits.values(), 0) >> self._width
        self._totals = (len(code.statements), sum(self._exits.values()))

    def bits(self, ran: Mapping[Group, AbstractSet[int]]) -> dict[Group, int]:
        """The statements and branches that each group executed.

        The bits of each distinct step are computed once, because groups share steps.
        """
        lines, arcs = self._line_bits.get, self._branch_bits.get
        bits_of = {}
        for step in self._code.settled:
            start, end = settled = unpacked(step)
            bits_of[step] = lines(start, 0) | lines(end, 0) | arcs(settled, 0)
        other_steps = list(set[int]().union(*ran.values()) - bits_of.keys())
        counted = self._code.counted(map(unpacked, other_steps))
        for step, (start, end, arc) in zip(other_steps, counted):
            bits_of[step] = lines(start, 0) | lines(end, 0) | (arcs(arc, 0) if arc else 0)
        return {
            group: reduce(or_, map(bits_of.__getitem__, steps), 0) for group, steps in ran.items()
        }

    def counts(self, bits: int) -> Counts:
        statements, exits = self._totals
        executed = bits >> self._width
        missed = self._width - count_bits(bits - (executed << self._width))
        return {
            "statements": statements,
            "executed": count_bits(executed),
            "branches": exits,
            "taken": exits - missed,
        }

    def cell(self, bits: int, imported: int) -> dict[str, Any]:
        raw = self.counts(bits)
        return {
            "raw": raw,
            "earned": counts_beyond(raw, self.counts(imported)),
            "executed_lines": self.executed(bits),
            "earnable": self.missing(imported),
            "earnable_branches": branches_beyond(self.branches(bits), self.branches(imported)),
        }

    def executed(self, bits: int) -> str:
        return encode_bits(bits >> self._width)

    def missing(self, bits: int) -> str:
        return encode_bits(self._statements & ~(bits >> self._width))

    def branches(self, bits: int) -> Branches:
        """For each line with more than one exit: the number of exits, and how many were taken."""
        missed = ~bits
        return {
            line: (exits, exits - count_bits(self._branches_of.get(line, 0) & missed))
            for line, exits in self._exits.items()
        }

    def missing_branches(self, bits: int) -> tuple[Arc, ...]:
        """The branches that were not taken from lines that ran."""
        missing_lines = self._statements & ~(bits >> self._width)
        return tuple(
            arc
            for arc, bit in self._branch_bits.items()
            if not bits & bit and not missing_lines >> arc[0] & 1
        )


def counts_beyond(raw: Counts, imported: Counts) -> Counts:
    """The counts without what importing executed: what tests can earn, and what they earned."""
    return {
        "statements": raw["statements"] - imported["executed"],
        "executed": raw["executed"] - imported["executed"],
        "branches": raw["branches"] - imported["taken"],
        "taken": raw["taken"] - imported["taken"],
    }


def branches_beyond(raw: Branches, imported: Branches) -> Branches:
    """The branches of each line without those that importing took; lines with none are dropped."""
    left = {
        line: (exits - imported[line][1], taken - imported[line][1])
        for line, (exits, taken) in raw.items()
    }
    return {line: counts for line, counts in left.items() if counts[0]}
