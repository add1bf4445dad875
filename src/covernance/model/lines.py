"""Sets of line numbers as text: `1-4,7`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RUN = re.compile("1+")


def spans(lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last), in order."""
    first = last = None
    for line in sorted(set(lines)):
        if first is None or last is None:
            first = last = line
        elif line == last + 1:
            last = line
        else:
            yield first, last
            first = last = line
    if first is not None and last is not None:
        yield first, last


def encode(lines: Iterable[int]) -> str:
    """Write a set of line numbers; the same set gives the same text."""
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in spans(lines)
    )


def encode_bits(bits: int) -> str:
    """Write the set of the numbers whose bits are set, as `encode` does."""
    runs = [run.span() for run in _RUN.finditer(f"{bits:b}"[::-1])]
    return ",".join(
        [str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in runs]
    )


def decode(text: str) -> frozenset[int]:
    """Read what `encode` wrote.

    Raises:
        ValueError: It is something else.
    """
    numbers: set[int] = set()
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 0 < start <= end:
            msg = f"{part!r} is no span of lines"
            raise ValueError(msg)
        numbers.update(range(start, end + 1))
    return frozenset(numbers)
