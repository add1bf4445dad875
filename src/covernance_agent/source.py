"""Static analysis of a source file: statements, branches, regions."""

from __future__ import annotations

import marshal
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

Arc = tuple[int, int]
"""A step from one line to another; -N is the entry to or exit from the code object at line N."""

Counted = tuple[int, int, Optional[Arc]]
"""What a step counts as: the two lines that it executed (-N as in `Arc`), and the branch taken."""

PACKING = 2**32
"""The factor that packs a step into one integer: `from * PACKING + to`.

Data has millions of steps, and integers take less time and memory than pairs. Both lines may be
negative (see `Arc`) and must be between -2**31 and 2**31 - 1:

    (1, 2)    1 * 2**32 + 2       0x00000001_00000002
    (-1, 2)   -1 * 2**32 + 2     -0x00000000_FFFFFFFE
    (1, -2)   1 * 2**32 - 2       0x00000000_FFFFFFFE

A negative `to` borrows from the high half, so `unpacked` adds 2**31 first, which makes the low half
at least 0, and subtracts it from `to` again. Packed steps sort like the steps themselves.
"""

_HALF = PACKING // 2
_LOW = PACKING - 1


def packed(step: Arc) -> int:
    """Pack a step into one integer."""
    return step[0] * PACKING + step[1]


def unpacked(number: int) -> Arc:
    """Unpack a step."""
    number += _HALF
    return number >> 32, (number & _LOW) - _HALF


def forks(exits: Mapping[int, int]) -> dict[int, int]:
    """The lines with more than one exit, in order, each with its number of exits."""
    return {line: number for line, number in sorted(exits.items()) if number > 1}


def branches(
    arcs: Iterable[Arc], exits: Container[int], no_branch: Container[int], excluded: Container[int]
) -> list[Arc]:
    """The steps that count as missing branches if they are not taken, in order."""
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
    """The static analysis of one source; a statement is numbered by its first line.

    Attributes:
        statements: Lines that must run.
        excluded: Lines that need not run.
        no_branch: Lines whose branches need not all be taken.
        first_lines: The first line of the statement, for each line of one that spans several.
        steps: Every possible step, packed, in order.
        jumps: Recorded steps out of `with` blocks, each with what it counts as; None for nothing.
        exits: The number of exits of each line that has several, without excluded ones.
        branches: The steps from the lines of `exits` that must be taken, in order.
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
        """The line that a recorded line counts as; the same for the -N of an entry or exit."""
        if number < 0:
            return -self.first_lines.get(-number, -number)
        return self.first_lines.get(number, number)

    def arc(self, recorded: Arc) -> Arc | None:
        """The step that a recorded step counts as, or None."""
        if self.jumps:
            fixed = self.jumps.get(recorded, recorded)
            if fixed is None:
                return None
            recorded = fixed
        return self.line(recorded[0]), self.line(recorded[1])

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        """For each recorded step, what it counts as."""
        first, jumps = self.first_lines.get, self.jumps
        for step in steps:
            start, end = step
            start = first(start, start) if start > 0 else -first(-start, -start)
            end = first(end, end) if end > 0 else -first(-end, -end)
            arc: Arc | None = (start, end)
            if jumps and (step in jumps or arc in jumps):
                # coverage.py translates twice; steps out of nested `with` blocks need that.
                translated = self.arc(step)
                arc = translated and self.arc(translated)
            yield start, end, arc

    @property
    def settled(self) -> Iterable[int]:
        """Steps that count as themselves, packed."""
        if not self.jumps:
            return self.steps
        return set(self.steps) - {packed(jump) for jump in self.jumps}

    def decoded_regions(self) -> list[Region]:
        """The functions and classes, in the order of the source."""
        return [Region(*region) for region in marshal.loads(self.regions)]  # noqa: S302 - the cache has checked the digest


def encode_regions(regions: Iterable[Region]) -> bytes:
    """Encode regions for `Source.regions`; they are rarely decoded, as few reports need them."""
    return marshal.dumps([tuple(region) for region in regions])
