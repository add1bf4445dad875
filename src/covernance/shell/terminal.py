"""Capabilities of the terminal."""

from __future__ import annotations

import os
import sys

import click


def has_terminal() -> bool:
    """Whether standard output is a terminal that can move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def colored() -> bool:
    """Whether to use colors, see https://no-color.org."""
    return has_terminal() and not os.environ.get("NO_COLOR")


def paint(text: str, color: str) -> str:
    """The text in a color, if colors are used; `color` is a name that click knows."""
    return click.style(text, fg=color) if colored() else text
