"""Names of coverage contexts: `<theme>`, `<theme>|run`, `<theme>|run|<node id>`.

`covernance.model.context_name` reads the same names in the tool.
"""

from __future__ import annotations

import re

_SEPARATOR = "|"
_RUN = "run"

MARK = f"{_SEPARATOR}{_RUN}{_SEPARATOR}"
"""The text between the theme and the node id in the context of a test."""


def dynamic_part(test: str = "") -> str:
    """The part after the theme, from the end of collection on: `run` or `run|<node id>`."""
    return f"{_RUN}{_SEPARATOR}{test}" if test else _RUN


def full_name(theme: str, test: str = "") -> str:
    """The name as coverage.py stores it, from the end of collection on."""
    return f"{theme}{_SEPARATOR}{dynamic_part(test)}"


def read_theme(name: str) -> tuple[str, bool]:
    """The theme of a context, and whether it ended with collection, before any test ran."""
    theme, separator, _ = name.partition(_SEPARATOR)
    return theme, not separator


def remove_test(name: str) -> str:
    """The context of the theme, from the context of one of its tests; others as they are."""
    theme, mark, _ = name.partition(MARK)
    return full_name(theme) if mark else name


def import_pattern(theme: str) -> str:
    """A regular expression for the context in which a theme's tests were imported."""
    return f"^{re.escape(theme)}$"


def theme_pattern(theme: str) -> str:
    """A regular expression for all contexts of a theme."""
    return rf"^{re.escape(theme)}(\{_SEPARATOR}|$)"
