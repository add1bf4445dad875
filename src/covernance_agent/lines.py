"""Sets of line numbers as text such as `1-4,7`, from integers with bit N set for line N."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

_RUN = re.compile("1+")


def encode_bits(bits: int) -> str:
    """Write the positions of the set bits as text; equal sets give equal text."""
    # Bit n of the integer is line n, so 0b10011110 is lines 1 to 4 and 7. Binary text begins with
    # the highest bit; reversed, a character's index is its line: "01111001". Each run of ones in it
    # is a span of lines, and the match's end is one past the last.
    runs = [run.span() for run in _RUN.finditer(f"{bits:b}"[::-1])]
    return ",".join(
        [str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in runs]
    )


def encode(lines: Iterable[int]) -> str:
    """Write a set of line numbers as text; none may be negative."""
    bits = 0
    for line in lines:
        bits |= 1 << line
    return encode_bits(bits)


if sys.version_info >= (3, 10):
    count_bits = int.bit_count
else:

    def count_bits(bits: int) -> int:
        """The number of set bits of a number that is not negative."""
        return bin(bits).count("1")
