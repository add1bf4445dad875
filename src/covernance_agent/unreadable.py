"""Messages about sources that coverage.py can't analyse."""

from __future__ import annotations

import re
from pathlib import Path

from coverage.exceptions import NoSource

_NAMED = re.compile(r"'(.+)'")


def explain_unreadable(error: Exception, subject: str) -> str:
    """Say that `subject` can't be analysed, why, and what to do if a source is gone."""
    message = f"coverage.py can't analyse {subject}: {str(error) or type(error).__name__}"
    named = _NAMED.search(str(error))
    if not isinstance(error, NoSource) or not named:
        return message
    return (
        f"{_relative(named[1])} was measured, but is not there any more; if tests write and delete "
        "it, leave it out with `omit` in [run] of coverage.py's settings, otherwise run again"
    )


def _relative(path: str) -> str:
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path
