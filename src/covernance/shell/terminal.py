"""What the terminal can show."""

from __future__ import annotations

import os
import sys


def has_terminal() -> bool:
    """Whether a person watches: a terminal that can move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def colored() -> bool:
    """Whether colors are shown, see https://no-color.org."""
    return has_terminal() and not os.environ.get("NO_COLOR")
