"""Unified diffs in git's format."""

from __future__ import annotations

import difflib
import io


def unified(path: str, before: str | None, after: str) -> str:
    """Return a unified diff that `git apply` accepts, or "" if nothing changes.

    Args:
        path: The file, relative to the root.
        before: Its current text; None if the file does not exist yet.
        after: Its new text.
    """
    old = "/dev/null" if before is None else f"a/{path}"
    return "".join(difflib.unified_diff(_lines(before or ""), _lines(after), old, f"b/{path}"))


def _lines(text: str) -> list[str]:
    """Split text as git does: at line feeds, with git's marker if the last one is missing."""
    lines = list(io.StringIO(text, newline="\n"))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines
