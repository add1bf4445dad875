"""Names of coverage contexts: `<theme>`, `<theme>|run`, `<theme>|run|<node id>`.

`covernance_agent.context_name` writes the same names while tests run.
"""

from __future__ import annotations

from typing import Self

import msgspec

_SEPARATOR = "|"
_RUN = "run"


class ContextName(msgspec.Struct, frozen=True):
    """The name of a coverage context.

    Attributes:
        theme: The theme.
        after_collection: Whether a test or a fixture executed the code, rather than an import.
        test: The node id of a test, or of the class, file or folder whose fixture was set up;
            empty for fixtures of the session, and if tests have no contexts of their own.
    """

    theme: str
    after_collection: bool = False
    test: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a name. Any text after the theme counts as after collection."""
        theme, separator, rest = text.partition(_SEPARATOR)
        run, _, test = rest.partition(_SEPARATOR)
        return cls(theme, bool(separator), test if run == _RUN else "")

    def __str__(self) -> str:
        """Write the name as coverage.py stores it."""
        if not self.after_collection:
            return self.theme
        parts = (self.theme, _RUN, self.test) if self.test else (self.theme, _RUN)
        return _SEPARATOR.join(parts)


def pattern(theme: str) -> str:
    """Return a `--contexts` regular expression for all contexts of a theme, fully anchored."""
    return rf"^{theme}(\{_SEPARATOR}|$)"
