"""Capabilities of the terminal."""

from __future__ import annotations

import os
import sys

import click


def has_terminal() -> bool:
    """Whether standard output is a terminal that can move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def colored() -> bool:
    """Whether to use colors, see https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or has_terminal()


def open_missing_streams() -> None:
    """Replace standard streams that were closed, as by `>&-`, with the null device.

    Otherwise the next file that is opened gets the number of the stream, and receives whatever a
    child process prints.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def paint(text: str, color: str) -> str:
    """The text in a color, if colors are used; `color` is a name that click knows."""
    return click.style(text, fg=color) if colored() else text
