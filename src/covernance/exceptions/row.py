"""A row of the exception register, and what a person must have filled in."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import msgspec

TODO = "**TODO: rationale**"
"""Stands in a new row until a person says why the floor may be missed."""

_STATUS = re.compile(
    r"open(?: since (?P<since>\S+))?|resolved(?: \((?P<commit>[^()]*)\))?(?: on (?P<on>\S+))?",
    re.IGNORECASE,
)


class Status(msgspec.Struct, frozen=True):
    """Where an exception stands.

    Attributes:
        state: Whether the file is still below its floor.
        day: When the exception was opened or resolved; None where a person wrote the row and
            `sync` has not seen it yet.
        commit: What was measured when the file had recovered; None for an open exception.
    """

    state: Literal["open", "resolved"] = "open"
    day: date | None = None
    commit: str | None = None

    def __str__(self) -> str:
        """The status as it stands in the register."""
        if self.state == "open":
            return f"open since {self.day}" if self.day else "open"
        commit = f" ({self.commit})" if self.commit else ""
        return f"resolved{commit}" + (f" on {self.day}" if self.day else "")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One exception; texts are as a reader of the rendered table sees them.

    Attributes:
        line: Where it stands in the register, from 1.
        module: The path of the file, relative to the root.
        suite: The suite whose floor the file misses.
        current: Percent covered and the floor, as last written by `sync`.
        rationale: Why the floor may be missed.
        owner: Who answers for it.
        review: The last day on which the exception holds.
        plan: How the file gets back to its floor.
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
        """What no two rows share, and the order in which `sync` inserts."""
        return (self.module, self.suite)

    @property
    def open(self) -> bool:
        """Whether the exception is not resolved."""
        return self.status.state == "open"

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The cells without which the exception excuses nothing and that say nothing yet."""
        cells = (("rationale", self.rationale), ("owner", self.owner))
        return tuple(name for name, text in cells if not _has_content(text))


def _has_content(text: str) -> bool:
    return any(map(str.isalnum, text)) and not text.lower().startswith(("todo", "tbd"))


def parse_day(text: str) -> date:
    """Read a day written as YYYY-MM-DD.

    Raises:
        ValueError: It is written otherwise, or is in no calendar.
    """
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def parse_status(text: str) -> Status:
    """Read a status; an empty one is open.

    Raises:
        ValueError: It is neither open nor resolved, or its day is none.
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
