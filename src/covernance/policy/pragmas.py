"""Comments that take lines or branches out of what must run."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable

import msgspec


class Pragmas(msgspec.Struct, frozen=True):
    """The lines of one file that carry such a comment, with their text."""

    lines: dict[int, str]

    def beyond(self, before: Pragmas) -> tuple[int, ...]:
        """The lines of this that `before` does not have, wherever it has them."""
        known = Counter(before.lines.values())
        fresh = []
        for line, text in sorted(self.lines.items()):
            if known[text]:
                known[text] -= 1
            else:
                fresh.append(line)
        return tuple(fresh)


def pragmas(text: str, patterns: Iterable[str]) -> Pragmas:
    """Find the comments that one of `patterns`, coverage.py's regular expressions, matches.

    Only comments count, not strings that look like one. Of text that is not Python, which can't
    be told apart like that, everything after a `#` counts.
    """
    matchers = [re.compile(pattern) for pattern in patterns]
    source = text.split("\n")
    return Pragmas(
        {
            line: source[line - 1].strip()
            for line, comment in _comments(text)
            if any(matcher.search(comment) for matcher in matchers)
        }
    )


def _comments(text: str) -> list[tuple[int, str]]:
    try:
        return [
            (token.start[0], token.string)
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError):
        return [
            (number, line[line.index("#") :])
            for number, line in enumerate(text.split("\n"), start=1)
            if "#" in line
        ]
