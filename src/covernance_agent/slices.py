"""Counts per file and theme: what ran, on the ground of what could.

The layer's numbers are coverage.py's own, for all contexts together and for each theme. The
contexts of a theme are `<theme>` for what importing and collecting executed and `<theme>|…` for
what its tests executed. Lines and branches are bits of integers: one file has some hundreds, and
themes × files are many.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import Any, Protocol

from covernance_agent.lines import count_bits, encode_bits
from covernance_agent.source import Arc, Counted, unpacked

Counts = dict[str, int]
"""`statements` and `branches`: how many there are; `executed` and `taken`: how many of each ran."""

Branches = dict[int, tuple[int, int]]
"""For each line with more than one exit: how many there are, how many were taken."""

FileResult = dict[str, Any]
"""The counts of one file, as `covernance.model.snapshot.FileResult` reads them."""


class Code(Protocol):
    """What could run of a file; `covernance_agent.source.Source` tells what each means."""

    @property
    def statements(self) -> set[int]: ...  # noqa: D102 - see Source

    @property
    def exits(self) -> Mapping[int, int]: ...  # noqa: D102 - see Source

    @property
    def branches(self) -> Sequence[Arc]: ...  # noqa: D102 - see Source

    @property
    def settled(self) -> Iterable[int]: ...  # noqa: D102 - see Source

    def counted(self, steps: Iterable[Arc]) -> Iterable[Counted]: ...  # noqa: D102 - see Source


Group = tuple[str, bool]
"""A theme, and whether importing executed it rather than a test."""


def group(context: str, themes: Container[str]) -> Group:
    """What a context belongs to; one of no theme counts for the total alone."""
    theme, bar, _ = context.partition("|")
    return (theme, not bar) if theme in themes else ("", False)


def file_result(
    code: Code, ran: Mapping[Group, AbstractSet[int]], themes: Iterable[str], *, branches: bool
) -> FileResult:
    """Count one file.

    Args:
        code: What could run.
        ran: The steps that did, packed (see `covernance_agent.source`), for each group.
        themes: The themes to count.
        branches: Whether branches were measured.
    """
    ground = _Ground(code, branches=branches)
    bits = ground.bits(ran)
    everything = reduce(or_, bits.values(), 0)
    importing = {theme: bits.get((theme, True), 0) for theme in themes}
    return {
        "total": ground.counts(everything),
        "themes": {
            theme: ground.cell(imported | bits.get((theme, False), 0), imported)
            for theme, imported in importing.items()
        },
        "executed_lines": ground.executed(everything),
        "missing_lines": ground.missing(everything),
        "imported_lines": ground.executed(reduce(or_, importing.values(), 0)),
        "branches": ground.branches(everything),
        "missing_branches": ground.missing_branches(everything),
    }


class _Ground:
    """The statements and branches of one file, each with a bit of its own.

    The low bits are the branches that can be missed, in order; above them are the lines.
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
        """What the steps of each group executed."""
        lines, arcs = self._line_bits.get, self._branch_bits.get
        known = {}
        for step in self._code.settled:
            start, end = settled = unpacked(step)
            known[step] = lines(start, 0) | lines(end, 0) | arcs(settled, 0)
        new = list(set[int]().union(*ran.values()) - known.keys())
        counted = self._code.counted(map(unpacked, new))
        for step, (start, end, arc) in zip(new, counted):
            known[step] = lines(start, 0) | lines(end, 0) | (arcs(arc, 0) if arc else 0)
        return {
            group: reduce(or_, map(known.__getitem__, found), 0) for group, found in ran.items()
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
        """For each line with more than one exit: how many there are, how many were taken."""
        missed = ~bits
        return {
            line: (exits, exits - count_bits(self._branches_of.get(line, 0) & missed))
            for line, exits in self._exits.items()
        }

    def missing_branches(self, bits: int) -> tuple[Arc, ...]:
        """Branches that never ran from lines that did."""
        never = self._statements & ~(bits >> self._width)
        return tuple(
            arc
            for arc, bit in self._branch_bits.items()
            if not bits & bit and not never >> arc[0] & 1
        )


def counts_beyond(raw: Counts, imported: Counts) -> Counts:
    """What is left to earn, and what of it ran, without what importing executed."""
    return {
        "statements": raw["statements"] - imported["executed"],
        "executed": raw["executed"] - imported["executed"],
        "branches": raw["branches"] - imported["taken"],
        "taken": raw["taken"] - imported["taken"],
    }


def branches_beyond(raw: Branches, imported: Branches) -> Branches:
    """What is left of each line's branches without those that importing took."""
    left = {
        line: (exits - imported[line][1], taken - imported[line][1])
        for line, (exits, taken) in raw.items()
    }
    return {line: counts for line, counts in left.items() if counts[0]}
