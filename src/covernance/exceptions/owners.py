"""Find the owners of a file in CODEOWNERS, by GitHub's rules."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from covernance.extras import require

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The paths where GitHub searches for the file, relative to the root; the first one is used.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""


class Owners:
    """The rules of one CODEOWNERS file; the last one that matches a path applies.

    Lines that GitHub ignores are ignored here as well: negated patterns, ranges of characters, and
    lines with an invalid owner.
    """

    def __init__(self, text: str = "") -> None:
        """Parse the text of a CODEOWNERS file; without text there are no owners.

        Raises:
            MachineError: There is a rule, and the package that parses it is not installed.
        """
        rules = "\n".join(filter(None, map(_rule, text.splitlines())))
        self._rules: Any = (
            require("codeowners", extra="governance").CodeOwners(rules) if rules else None
        )

    def of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a file, given relative to the root; empty if it has none."""
        return tuple(name for _, name in self._rules.of(path)) if self._rules else ()


def _rule(line: str) -> str:
    """Return a line without its comment; empty if GitHub ignores the line."""
    words = list(takewhile(lambda word: not word.startswith("#"), line.split()))
    rule = " ".join(words)
    pattern, *owners = rule.replace(r"\ ", r"\_").split() or [""]
    ignored = pattern.startswith("!") or "[" in pattern.replace(r"\[", "")
    return "" if ignored or not all("@" in owner for owner in owners) else rule
