"""Who owns a file, as GitHub reads CODEOWNERS."""

from __future__ import annotations

from itertools import takewhile

from covernance.extras import require

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, relative to the root; the first that is there counts.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""


class Owners:
    """The rules of one CODEOWNERS file: the last one that matches a path decides.

    What GitHub skips owns nothing here either: negated patterns, ranges of characters, and lines
    with a word that can't be an owner.
    """

    def __init__(self, text: str = "") -> None:
        """Read the text of a CODEOWNERS file; no text, no owners.

        Raises:
            MachineError: The package that reads it is not installed.
        """
        self._rules = require("codeowners", extra="governance").CodeOwners(
            "\n".join(map(_rule, text.splitlines()))
        )

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file, given relative to the root; empty where nobody is named."""
        return tuple(name for _, name in self._rules.of(path))


def _rule(line: str) -> str:
    """The line without its comment; empty for one that GitHub skips."""
    words = list(takewhile(lambda word: not word.startswith("#"), line.split()))
    rule = " ".join(words)
    pattern, *owners = rule.replace(r"\ ", r"\_").split() or [""]
    ignored = pattern.startswith("!") or "[" in pattern.replace(r"\[", "")
    return "" if ignored or not all("@" in owner for owner in owners) else rule
