"""Which floors the exception register waives today, and which exceptions expire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from covernance.exceptions.row import Row
from covernance.model.verdict import Waiver

NOTICES = (7, 14, 30)
"""Warnings are given this many days before an exception expires."""

_MOST_PERIODS = 2
"""A review date is at most this many times `exceptions.review-days` ahead."""


class ReviewDates(msgspec.Struct, frozen=True):
    """The review dates that are valid today: from `today` up to and including `latest`."""

    today: date
    latest: date


def find_review_dates(today: date, review_days: int) -> ReviewDates:
    """Find the valid review dates; `review_days` is how far ahead that of a new row is."""
    return ReviewDates(today, today + timedelta(days=_MOST_PERIODS * review_days))


class Due(msgspec.Struct, frozen=True):
    """An open exception that expires soon or has expired.

    Attributes:
        row: The exception.
        days: Days until it expires; negative after that.
        notice: The current warning: 30, 14 or 7 days, or 0 if it has expired.
    """

    row: Row
    days: int
    notice: int


def find_waived(rows: Iterable[Row], suite: str, dates: ReviewDates) -> tuple[Waiver, ...]:
    """Find the files of a suite whose floors are waived today.

    An open row waives a floor up to and including its review date, provided that its rationale and
    owner are filled in, and that the date is not later than allowed.
    """
    return tuple(
        Waiver(row.module, row.owner, row.review)
        for row in rows
        if row.suite == suite and waives(row, dates)
    )


def waives(row: Row, dates: ReviewDates) -> bool:
    """Whether a row waives its file's floor today, if it names a file."""
    return row.open and not _explain_idle(row, dates)


def describe_idle(rows: Iterable[Row], suite: str, dates: ReviewDates) -> tuple[str, ...]:
    """Write one sentence per row of a suite that would waive a floor if it were correct."""
    return tuple(
        f"the exception for {row.module} (line {row.line}) waives nothing: {reason}"
        for row in rows
        if row.suite == suite and row.open and dates.today <= row.review
        if (reason := _explain_idle(row, dates))
    )


def _explain_idle(row: Row, dates: ReviewDates) -> str:
    """Explain why an open row waives nothing; empty if it waives its file's floor."""
    if row.review < dates.today:
        return f"it expired on {row.review}"
    if row.review > dates.latest:
        return describe_late(row, dates)
    return f"fill in {' and '.join(row.unfilled)}" if row.unfilled else ""


def find_late(rows: Iterable[Row], dates: ReviewDates) -> tuple[Row, ...]:
    """Find open exceptions whose review date is later than allowed, in the register's order."""
    return tuple(row for row in rows if row.open and row.review > dates.latest)


def describe_late(row: Row, dates: ReviewDates) -> str:
    """Describe a review date that is later than allowed, and what to do."""
    return (
        f"its review date {row.review} is later than {dates.latest}, the latest that is allowed "
        f"today ({_MOST_PERIODS} × exceptions.review-days); set an earlier date"
    )


def find_due(rows: Iterable[Row], today: date) -> tuple[Due, ...]:
    """Find open exceptions that have expired or expire within 30 days, the most urgent first."""
    due_exceptions = []
    for row in rows:
        days = (row.review - today).days
        if row.open and days <= max(NOTICES):
            notice = 0 if days < 0 else min(limit for limit in NOTICES if days <= limit)
            due_exceptions.append(Due(row, days, notice))
    return tuple(sorted(due_exceptions, key=lambda due: (due.days, due.row.key)))


def find_expired(rows: Iterable[Row], today: date) -> tuple[Row, ...]:
    """Find open exceptions whose review date has passed, in the register's order."""
    return tuple(row for row in rows if row.open and row.review < today)


def describe_expired(rows: Iterable[Row], suite: str, today: date) -> tuple[str, ...]:
    """Write one sentence per expired exception of a suite."""
    return tuple(
        f"the exception for {row.module} expired on {row.review} (line {row.line}, owner "
        f"{row.owner or 'nobody'}); cover the file and run `covernance exceptions sync`, or ask "
        "its owner to renew it"
        for row in find_expired(rows, today)
        if row.suite == suite
    )
