"""Exceptions that expire soon, as reports show them."""

from __future__ import annotations

from datetime import date

from covernance.exceptions.row import Row
from covernance.reports.state import ExceptionDue


def exception_due(row: Row, today: date) -> ExceptionDue:
    """Convert a row of the register for the reports."""
    return ExceptionDue(
        module=row.module,
        suite=row.suite,
        owner=row.owner,
        review_date=row.review.isoformat(),
        days_left=(row.review - today).days,
    )
