"""Coverage debt: what the exceptions leave uncovered, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from covernance.exceptions.row import Row
from covernance.model.snapshot import Snapshot


class Debt(msgspec.Struct, frozen=True):
    """What one exception owes.

    Attributes:
        row: The exception.
        age: Days since it was opened; None for a resolved one, and for one that `sync` has not
            seen yet.
        days: How many days it still holds after today; below zero once it has run out.
        missing: Statements and branches of its file that never ran; None where its suite has no
            snapshot, 0 for a resolved one.
    """

    row: Row
    age: int | None
    days: int
    missing: int | None


class Totals(msgspec.Struct, frozen=True):
    """The debt of a register.

    Attributes:
        rows: All rows.
        open: Those that are not resolved.
        expired: Open ones whose review date has passed.
        missing: Statements and branches that the open ones leave uncovered, where known.
        unmeasured: Open ones of suites without a snapshot; their lines are not in `missing`.
        oldest: The greatest age in days; None without open rows.
    """

    rows: int
    open: int
    expired: int
    missing: int
    unmeasured: int
    oldest: int | None


def list_debts(
    rows: Iterable[Row], snapshots: Mapping[str, Snapshot], today: date
) -> tuple[Debt, ...]:
    """The debt of each row, in the register's order; `snapshots` are by suite."""
    return tuple(_debt(row, snapshots.get(row.suite), today) for row in rows)


def sum_debts(debts: Iterable[Debt]) -> Totals:
    """The debt of all rows together."""
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


def _debt(row: Row, snapshot: Snapshot | None, today: date) -> Debt:
    days = (row.review - today).days
    if not row.open:
        return Debt(row, None, days, 0)
    age = (today - row.status.day).days if row.status.day else None
    return Debt(row, age, days, _missing(snapshot, row.module) if snapshot else None)


def _missing(snapshot: Snapshot, path: str) -> int:
    result = snapshot.files.get(path)
    return result.total.total - result.total.covered if result else 0
