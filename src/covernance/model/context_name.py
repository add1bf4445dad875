"""Names of coverage contexts: `<theme>`, `<theme>|run`, `<theme>|run|<test>`."""

from __future__ import annotations

RUN = "run"
"""The dynamic part of a context, from the end of collection on."""


def pattern(theme: str) -> str:
    """A `--contexts` regular expression for all of a theme, anchored on both sides."""
    return rf"^{theme}(\||$)"
