"""Sets of line numbers as text, `1-4,7`, from integers whose set bits are the lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

_RUN = re.compile("1+")


def encode_bits(bits: int) -> str:
    """Write the numbers of the bits that are set; the same set gives the same text."""
    runs = [run.span() for run in _RUN.finditer(f"{bits:b}"[::-1])]
    return ",".join(
        [str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in runs]
    )


def encode(lines: Iterable[int]) -> str:
    """Write a set of lines, none of them negative."""
    bits = 0
    for line in lines:
        bits |= 1 << line
    return encode_bits(bits)


if sys.version_info >= (3, 10):
    count_bits = int.bit_count
else:

    def count_bits(bits: int) -> int:
        """How many bits of a number that is not negative are set."""
        return bin(bits).count("1")
