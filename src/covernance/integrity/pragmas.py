"""Find comments that exclude lines or branches from coverage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from covernance.model.python_source import split_source

_COMMENT = re.compile(r"\s*#.*")
_ANYWHERE = re.compile(
    r"|pass|break|continue|raise|try:|else:|finally:|return( None| True| False)?"
)
"""Statements that say nothing about which one they are."""


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


def find_newly_hidden(before: Pragmas, after: Pragmas, old: str, new: str) -> tuple[int, ...]:
    """Find hidden statements that stand in the old text outside of what was hidden there.

    Statements such as `return None`, which stand anywhere, are left out, and so are those that the
    new text has outside of what is hidden as often as before.

    Args:
        before: The hidden statements of the old text.
        after: The hidden statements of the new text.
        old: The old text.
        new: The new text.
    """
    shown = _count_shown(old, before)
    shown.subtract(_count_shown(new, after))
    numbers = []
    for line in after.beyond(before):
        statement = _without_comment(after.lines[line])
        if shown[statement] > 0 and not _ANYWHERE.fullmatch(statement):
            shown[statement] -= 1
            numbers.append(line)
    return tuple(numbers)


def _count_shown(text: str, hidden: Pragmas) -> Counter[str]:
    return Counter(
        _without_comment(line)
        for number, line in enumerate(split_source(text), start=1)
        if number not in hidden.lines
    )


def _without_comment(line: str) -> str:
    return _COMMENT.sub("", line).strip()
