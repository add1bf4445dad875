"""Comments that take lines or branches out of what must run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec


class Pragmas(msgspec.Struct, frozen=True):
    """The lines of one file that carry such a comment, with their text."""

    lines: dict[int, str]

    def beyond(self, before: Pragmas) -> tuple[int, ...]:
        """The lines of this that `before` does not have, wherever it has them."""
        unmatched = Counter(before.lines.values())
        new_lines = []
        for line, text in sorted(self.lines.items()):
            if unmatched[text]:
                unmatched[text] -= 1
            else:
                new_lines.append(line)
        return tuple(new_lines)


def find_pragmas(text: str, patterns: Iterable[str]) -> Pragmas:
    """Find the lines where one of `patterns`, coverage.py's regular expressions, matches after a #.

    coverage.py matches the text as it is: what looks like such a comment within a string takes its
    line out too, so it counts here as well.
    """
    matchers = [re.compile(pattern) for pattern in patterns]
    return Pragmas(
        {
            number: line.strip()
            for number, line in enumerate(text.split("\n"), start=1)
            if any(matcher.search(line, line.find("#")) for matcher in matchers if "#" in line)
        }
    )
