"""What the rows of the exception register excuse today, and what they no longer do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from covernance.exceptions.row import Row

NOTICES = (7, 14, 30)
"""How many days ahead an exception that runs out is spoken of; each is a warning of its own."""


class Due(msgspec.Struct, frozen=True):
    """An open exception that runs out soon, or has.

    Attributes:
        row: The exception.
        days: How many days it still holds after today; below zero once it has run out.
        notice: The warning that it has reached: 30, 14 or 7, and 0 once it has run out.
    """

    row: Row
    days: int
    notice: int


def find_waived(rows: Iterable[Row], suite: str, today: date) -> frozenset[str]:
    """The files of a suite whose floors are waived today.

    A row waives until its review date, that day included, if it is open and a person has filled
    in the rationale and the owner.
    """
    return frozenset(
        row.module
        for row in rows
        if row.suite == suite and row.open and not row.unfilled and today <= row.review
    )


def find_due(rows: Iterable[Row], today: date) -> tuple[Due, ...]:
    """The open exceptions that have run out or do within 30 days, the most urgent first."""
    due_exceptions = []
    for row in rows:
        days = (row.review - today).days
        if row.open and days <= max(NOTICES):
            notice = 0 if days < 0 else min(limit for limit in NOTICES if days <= limit)
            due_exceptions.append(Due(row, days, notice))
    return tuple(sorted(due_exceptions, key=lambda due: (due.days, due.row.key)))


def find_expired(rows: Iterable[Row], today: date) -> tuple[Row, ...]:
    """The open exceptions whose review date has passed, in the register's order."""
    return tuple(row for row in rows if row.open and row.review < today)


def describe_expired(rows: Iterable[Row], suite: str, today: date) -> tuple[str, ...]:
    """A sentence for each expired exception of a suite."""
    return tuple(
        f"the exception of {row.module} ran out on {row.review} (line {row.line}, owner "
        f"{row.owner or 'nobody'}); cover the file and run `covernance exceptions sync`, or have "
        "its owner renew it"
        for row in find_expired(rows, today)
        if row.suite == suite
    )
