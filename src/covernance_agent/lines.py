"""Sets of line numbers as text such as `1-4,7`, from integers with bit N set for line N."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

_RUN = re.compile("1+")


def encode_bits(bits: int) -> str:
    """Write the positions of the set bits as text; equal sets give equal text."""
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
