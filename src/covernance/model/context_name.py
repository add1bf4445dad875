"""Names of coverage contexts: `<theme>`, `<theme>|run`, `<theme>|run|<test>`."""

from __future__ import annotations

RUN = "run"
"""The dynamic part of a context, from the end of collection on."""


_MARK = f"|{RUN}|"


def split(context: str) -> tuple[str, str]:
    """The theme's own part of a context, `<theme>` or `<theme>|run`, and the test or ``""``."""
    own, mark, test = context.partition(_MARK)
    return (f"{own}|{RUN}", test) if mark else (context, "")


def pattern(theme: str) -> str:
    """A `--contexts` regular expression for all of a theme, anchored on both sides."""
    return rf"^{theme}(\||$)"
