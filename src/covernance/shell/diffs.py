"""What would change in a file, as git tells it."""

from __future__ import annotations

import difflib
import io


def unified(path: str, before: str | None, after: str) -> str:
    """A unified diff that `git apply` takes; empty where nothing changes.

    Args:
        path: The file, relative to the root.
        before: Its text; None where there is no such file yet.
        after: What it would be.
    """
    old = "/dev/null" if before is None else f"a/{path}"
    return "".join(difflib.unified_diff(_lines(before or ""), _lines(after), old, f"b/{path}"))


def _lines(text: str) -> list[str]:
    """The lines as git's patches know them: they end with a line feed, and say so if not."""
    lines = list(io.StringIO(text, newline="\n"))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
