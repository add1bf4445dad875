"""Warnings on lines of a change, as GitHub shows them beside the code.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from covernance.patch.policy import Place

_MOST = 10  # GitHub keeps so many warnings of a step
_TITLE = "Coverage of this change"


def format_warnings(places: Iterable[tuple[str, Place]]) -> list[str]:
    """A workflow command for each run of consecutive lines; where they are too many, how many more.

    Args:
        places: What is wrong, and with which line of which file; lines of a file in order.
    """
    commands = [
        f"::warning file={_property(path)},line={first},endLine={last},title={_TITLE}"
        f"::{_data(message)}"
        for message, path, first, last in _runs(places)
    ]
    if (more := len(commands) - _MOST) <= 0:
        return commands
    return [*commands[:_MOST], f"::notice title={_TITLE}::{more} more places, all in the log"]


def _runs(places: Iterable[tuple[str, Place]]) -> Iterator[tuple[str, str, int, int]]:
    numbered = enumerate(places)
    for (message, path, _), items in groupby(
        numbered, key=lambda item: (item[1][0], item[1][1][0], item[1][1][1] - item[0])
    ):
        lines = [place[1] for _, (_, place) in items]
        yield message, path, lines[0], lines[-1]


def _data(text: str) -> str:
    """Text that can't end the command or begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
