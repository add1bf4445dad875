"""Coverage debt: how much code the exceptions leave uncovered, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from covernance.exceptions.row import Row
from covernance.exceptions.waivers import ReviewDates, waives
from covernance.model.snapshot import Snapshot


class Debt(msgspec.Struct, frozen=True):
    """The coverage debt of one exception.

    Attributes:
        row: The exception.
        age: Days since it was opened; None if it is resolved or `sync` has not processed it yet.
        days: Days until it expires; negative after that.
        waives: Whether it waives the floor of its file today.
        missing: Statements and branches of its file that did not run; None if its suite has no
            snapshot, 0 if it is resolved.
    """

    row: Row
    age: int | None
    days: int
    waives: bool
    missing: int | None


class Totals(msgspec.Struct, frozen=True):
    """The coverage debt of a register.

    Attributes:
        rows: The number of rows.
        open: Rows that are not resolved.
        expired: Open rows whose review date has passed.
        missing: Statements and branches that the open rows leave uncovered, as far as known.
        unmeasured: Open rows of suites without a snapshot, which `missing` does not include.
        oldest: The greatest age in days; None without open rows.
    """

    rows: int
    open: int
    expired: int
    missing: int
    unmeasured: int
    oldest: int | None


def list_debts(
    rows: Iterable[Row], snapshots: Mapping[str, Snapshot], dates: ReviewDates
) -> tuple[Debt, ...]:
    """List the debt of each row, in the register's order; `snapshots` are by suite."""
    return tuple(_debt(row, snapshots.get(row.suite), dates) for row in rows)


def sum_debts(debts: Iterable[Debt]) -> Totals:
    """Add up the debt of all rows."""
    all_debts = list(debts)
    open_debts = [debt for debt in all_debts if debt.row.open]
    return Totals(
        rows=len(all_debts),
        open=len(open_debts),
        expired=sum(debt.days < 0 for debt in open_debts),
        missing=sum(debt.missing or 0 for debt in open_debts),
        unmeasured=sum(debt.missing is None for debt in open_debts),
        oldest=max((debt.age for debt in open_debts if debt.age is not None), default=None),
    )


def _debt(row: Row, snapshot: Snapshot | None, dates: ReviewDates) -> Debt:
    days = (row.review - dates.today).days
    if not row.open:
        return Debt(row, None, days, waives=False, missing=0)
    age = (dates.today - row.status.day).days if row.status.day else None
    missing = _missing(snapshot, row.module) if snapshot else None
    return Debt(row, age, days, waives=waives(row, dates), missing=missing)


def _missing(snapshot: Snapshot, path: str) -> int:
    result = snapshot.files.get(path)
    return result.total.total - result.total.covered if result else 0
