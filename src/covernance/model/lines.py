"""Sets of line numbers, written as text: `1-4,7`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import shorten

from covernance.errors import InputError

_MOST_LINES = 10_000_000
"""No source is longer; a longer span would fill the memory."""


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


def decode(text: str) -> frozenset[int]:
    """Read text that `encode` wrote.

    Raises:
        InputError: The text is in another format.
    """
    numbers: set[int] = set()
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        try:
            start, end = int(first), int(last or first)
        except ValueError:
            start = end = 0
        if not 0 < start <= end <= _MOST_LINES:
            msg = f"{shorten(part, 40)!r} in a result is not a span of lines; run the suite again"
            raise InputError(msg)
        numbers.update(range(start, end + 1))
    return frozenset(numbers)
