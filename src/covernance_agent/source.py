"""Static analysis of a source file: statements, branches, regions."""

from __future__ import annotations

import marshal
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

Arc = tuple[int, int]
"""A step from one line to another; a negative number is a way in or out of that line's code."""

Counted = tuple[int, int, Optional[Arc]]
"""Of a step: the two lines that it executed (ways in and out below zero), and the branch taken."""

PACKING = 2**32
"""Steps are packed into one number each, `from * PACKING + to`: data holds millions of them."""

_HALF = PACKING // 2
_LOW = PACKING - 1


def packed(step: Arc) -> int:
    """Write a step as one number."""
    return step[0] * PACKING + step[1]


def unpacked(number: int) -> Arc:
    """Read a packed step."""
    number += _HALF
    return number >> 32, (number & _LOW) - _HALF


def forks(exits: Mapping[int, int]) -> dict[int, int]:
    """The lines that several others can follow, in order, each with how many."""
    return {line: number for line, number in sorted(exits.items()) if number > 1}


def branches(
    arcs: Iterable[Arc], exits: Container[int], no_branch: Container[int], excluded: Container[int]
) -> list[Arc]:
    """Of all steps, those that count as missing when they are not taken, in order."""
    return sorted(
        (start, end)
        for start, end in arcs
        if start in exits and start not in no_branch and end not in excluded
    )


class Region(NamedTuple):
    """A function or a class: `kind`, its qualified name, its first line, the lines of its body."""

    kind: str
    name: str
    start: int
    lines: set[int]


class Source(NamedTuple):
    """The static analysis of one source; lines are numbered as the first of their statement.

    Attributes:
        statements: Lines that must run.
        excluded: Lines that need not run.
        no_branch: Lines whose branches need not all be taken.
        first_lines: The first line of the statement, for each line of one that spans several.
        steps: Every step that the code allows, packed, in order.
        jumps: Recorded steps out of `with` blocks, each with what it counts as; None for nothing.
        exits: How many lines can follow, for each line that several can; excluded ones don't count.
        branches: The steps from those lines that have to be taken, in order.
        regions: The functions and classes, encoded; see `decoded_regions`.
    """

    statements: set[int]
    excluded: set[int]
    no_branch: set[int]
    first_lines: dict[int, int]
    steps: list[int]
    jumps: dict[Arc, Arc | None]
    exits: dict[int, int]
    branches: list[Arc]
    regions: bytes

    def line(self, number: int) -> int:
        """The line that a recorded one counts as; of -N, the way in or out of N, likewise."""
        if number < 0:
            return -self.first_lines.get(-number, -number)
        return self.first_lines.get(number, number)

    def arc(self, recorded: Arc) -> Arc | None:
        """The step that a recorded one counts as, or None."""
        if self.jumps:
            fixed = self.jumps.get(recorded, recorded)
            if fixed is None:
                return None
            recorded = fixed
        return self.line(recorded[0]), self.line(recorded[1])

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        """What recorded steps count as, for each of them."""
        first, jumps = self.first_lines.get, self.jumps
        for step in steps:
            start, end = step
            start = first(start, start) if start > 0 else -first(-start, -start)
            end = first(end, end) if end > 0 else -first(-end, -end)
            arc: Arc | None = (start, end)
            if jumps and (step in jumps or arc in jumps):
                # coverage.py translates twice: a way out of nested `with` blocks needs it.
                once = self.arc(step)
                arc = once and self.arc(once)
            yield start, end, arc

    @property
    def settled(self) -> Iterable[int]:
        """Steps that count as themselves, packed."""
        if not self.jumps:
            return self.steps
        return set(self.steps) - {packed(jump) for jump in self.jumps}

    def decoded_regions(self) -> list[Region]:
        """The functions and classes, in the order of the source."""
        return [Region(*region) for region in marshal.loads(self.regions)]  # noqa: S302 - behind the digest of the cache


def encode_regions(regions: Iterable[Region]) -> bytes:
    """Write regions as `Source.regions` has them: few reports ask for them."""
    return marshal.dumps([tuple(region) for region in regions])
