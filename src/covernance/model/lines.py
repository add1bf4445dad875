"""Sets of line numbers, written as text: `1-4,7`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RUN = re.compile("1+")


def spans(lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of consecutive numbers as (first, last), in order."""
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
    """Write a set of line numbers as text; the same set gives the same text."""
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in spans(lines)
    )


def encode_bits(bits: int) -> str:
    """Write the positions of the bits that are set, in the format of `encode`."""
    # Bit n of the integer is line n, so 0b10011110 is lines 1 to 4 and 7. Binary text begins with
    # the highest bit; reversed, a character's index is its line: "01111001". Each run of ones in it
    # is a span of lines, and the match's end is one past the last.
    runs = [run.span() for run in _RUN.finditer(f"{bits:b}"[::-1])]
    return ",".join(
        [str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in runs]
    )


def decode(text: str) -> frozenset[int]:
    """Read text that `encode` wrote.

    Raises:
        ValueError: The text is in another format.
    """
    numbers: set[int] = set()
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 0 < start <= end:
            msg = f"{part!r} is not a span of lines"
            raise ValueError(msg)
        numbers.update(range(start, end + 1))
    return frozenset(numbers)
