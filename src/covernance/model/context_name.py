"""Names of coverage contexts: `<theme>`, `<theme>|run`, `<theme>|run|<test>`."""

from __future__ import annotations

RUN = "run"
"""The dynamic part of a context after collection has ended."""


_MARK = f"|{RUN}|"


def split(context: str) -> tuple[str, str]:
    """Split a context into `<theme>` or `<theme>|run`, and the test; ``""`` if there is none."""
    theme, mark, test = context.partition(_MARK)
    return (f"{theme}|{RUN}", test) if mark else (context, "")


def pattern(theme: str) -> str:
    """Return a `--contexts` regular expression for all contexts of a theme, fully anchored."""
    return rf"^{theme}(\||$)"
