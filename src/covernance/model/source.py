"""What reading a source tells, before any of it ran: the ground that executed lines stand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

Arc = tuple[int, int]
"""A step from one line to another; a negative number is a way in or out of that line's code."""

Counted = tuple[int, int, Arc | None]
"""Of a step: the two lines that it executed (ways in and out below zero), and the branch taken."""

PACKING = 2**32
"""Steps are packed into one number each, `from * PACKING + to`: data holds millions of them."""

_HALF = PACKING // 2
_LOW = PACKING - 1


def unpacked(number: int) -> Arc:
    """Read a packed step."""
    number += _HALF
    return number >> 32, (number & _LOW) - _HALF


class Region(msgspec.Struct, frozen=True, array_like=True):
    """A function or a class: `kind`, its qualified name, its first line, the lines of its body."""

    kind: str
    name: str
    start: int
    lines: set[int]


class Source(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The static analysis of one source; lines are numbered as the first of their statement.

    Attributes:
        statements: Lines that must run.
        excluded: Lines that need not run.
        no_branch: Lines whose branches need not all be taken.
        first_lines: The first line of the statement, for each line of one that spans several.
        arcs: Every step that the code allows.
        jumps: Recorded steps out of `with` blocks, each with what it counts as; None for nothing.
        regions: The functions and classes, encoded; see `decoded_regions`.
    """

    statements: set[int]
    excluded: set[int]
    no_branch: set[int]
    first_lines: dict[int, int]
    arcs: set[Arc]
    jumps: dict[Arc, Arc | None]
    regions: msgspec.Raw

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

    def exits(self) -> dict[int, int]:
        """For each line that counts, how many lines can follow it."""
        counts: dict[int, int] = {}
        for start, end in self.arcs:
            if start not in self.excluded and end not in self.excluded:
                counts[start] = counts.get(start, 0) + 1
        return counts

    @property
    def settled(self) -> Iterable[Arc]:
        """Steps that count as themselves."""
        return self.arcs - self.jumps.keys() if self.jumps else self.arcs

    def decoded_regions(self) -> list[Region]:
        """The functions and classes, in the order of the source."""
        return msgspec.msgpack.decode(self.regions, type=list[Region])
