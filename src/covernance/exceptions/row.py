"""Rows of the exception register, and the cells that people must fill in."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import msgspec

TODO = "**TODO: rationale**"
"""The rationale of a new row, until a person replaces it."""

_STATUS = re.compile(
    r"open(?: since (?P<since>\S+))?|resolved(?: \((?P<commit>[^()]*)\))?(?: on (?P<on>\S+))?",
    re.IGNORECASE,
)


class Status(msgspec.Struct, frozen=True):
    """The status of an exception.

    Attributes:
        state: Whether the file is still below its floor.
        day: When the exception was opened or resolved; None if a person wrote the row and `sync`
            has not processed it yet.
        commit: The commit at which the file had recovered; None for an open exception.
    """

    state: Literal["open", "resolved"] = "open"
    day: date | None = None
    commit: str | None = None

    def __str__(self) -> str:
        """Write the status as in the register."""
        if self.state == "open":
            return f"open since {self.day}" if self.day else "open"
        commit = f" ({self.commit})" if self.commit else ""
        return f"resolved{commit}" + (f" on {self.day}" if self.day else "")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One exception, with the texts of the rendered table.

    Attributes:
        line: Its line in the register, from 1.
        module: The path of the file, relative to the root.
        suite: The suite of the file.
        current: The file's percentage and floor, as last written by `sync`.
        rationale: Why the file may be below its floor.
        owner: Who is responsible for it.
        review: The last day on which the exception is valid.
        plan: How the file will reach its floor again.
        status: Open or resolved.
    """

    line: int
    module: str
    suite: str
    current: str
    rationale: str
    owner: str
    review: date
    plan: str
    status: Status

    @property
    def key(self) -> tuple[str, str]:
        """The unique key of a row, by which `sync` also sorts new rows."""
        return (self.module, self.suite)

    @property
    def open(self) -> bool:
        """Whether the exception is not resolved."""
        return self.status.state == "open"

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The required cells that are still empty; until they are filled, nothing is waived."""
        cells = (("rationale", self.rationale), ("owner", self.owner))
        return tuple(name for name, text in cells if not _has_content(text))


def _has_content(text: str) -> bool:
    return any(map(str.isalnum, text)) and not text.lower().startswith(("todo", "tbd"))


def parse_day(text: str) -> date:
    """Read a day written as YYYY-MM-DD.

    Raises:
        ValueError: The format is different, or the date does not exist.
    """
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def parse_status(text: str) -> Status:
    """Parse a status; an empty one is open.

    Raises:
        ValueError: The status is neither open nor resolved, or its date is invalid.
    """
    match = _STATUS.fullmatch(text or "open")
    if not match:
        raise ValueError(text)
    day = match["since"] or match["on"]
    return Status(
        state="open" if text.lower().startswith("open") or not text else "resolved",
        day=parse_day(day) if day else None,
        commit=match["commit"],
    )
