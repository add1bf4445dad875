"""Warnings that GitHub shows next to the changed lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from covernance.patch.policy import Place

_MOST = 10  # GitHub shows at most this many warnings per step
_TITLE = "Coverage of this change"


def format_warnings(places: Iterable[tuple[str, Place]]) -> list[str]:
    """Write one workflow command per run of consecutive lines, and a count of those left out.

    Args:
        places: Messages, each with its file, from the root of the repository, and its line; the
            lines of a file are in order.
    """
    commands = [
        f"::warning file={_property(path)},line={first},endLine={last},title={_TITLE}"
        f"::{_data(message)}"
        for message, path, first, last in _runs(places)
    ]
    if (more := len(commands) - _MOST) <= 0:
        return commands
    return [*commands[:_MOST], f"::notice title={_TITLE}::{more} more places; the log lists all"]


def _runs(places: Iterable[tuple[str, Place]]) -> Iterator[tuple[str, str, int, int]]:
    numbered = enumerate(places)
    for (message, path, _), items in groupby(
        numbered, key=lambda item: (item[1][0], item[1][1][0], item[1][1][1] - item[0])
    ):
        lines = [place[1] for _, (_, place) in items]
        yield message, path, lines[0], lines[-1]


def _data(text: str) -> str:
    """Escape text, so that it can't end the command or begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
