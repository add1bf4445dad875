"""Find comments that exclude lines or branches from coverage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from covernance.model.python_source import split_source


class Pragmas(msgspec.Struct, frozen=True):
    """The lines of one file that have such a comment, with their text."""

    lines: dict[int, str]

    def beyond(self, before: Pragmas) -> tuple[int, ...]:
        """Return the lines whose text is not in `before`, at any position."""
        unmatched = Counter(before.lines.values())
        new_lines = []
        for line, text in sorted(self.lines.items()):
            if unmatched[text]:
                unmatched[text] -= 1
            else:
                new_lines.append(line)
        return tuple(new_lines)


def find_pragmas(text: str, patterns: Iterable[str]) -> Pragmas:
    """Find lines where one of `patterns`, coverage.py's regular expressions, matches after a #.

    coverage.py does not parse the source for this: text in a string that looks like such a comment
    excludes its line, too, so it counts here as well.
    """
    matchers = [re.compile(pattern) for pattern in patterns]
    return Pragmas(
        {
            number: line.strip()
            for number, line in enumerate(split_source(text), start=1)
            if any(matcher.search(line, line.find("#")) for matcher in matchers if "#" in line)
        }
    )
