from __future__ import annotations

from datetime import date

import pytest

from covernance.exceptions.debt import Totals, list_debts, sum_debts
from covernance.exceptions.row import Status
from covernance.model.counts import Counts
from tests.unit.covernance.exceptions.register_samples import TODAY, measured, row

pytestmark = pytest.mark.architecture

SNAPSHOTS = {"api": measured({"apps/a.py": Counts(10, 7, 4, 2), "apps/b.py": Counts(9, 1)})}


def test_a_row_owes_the_statements_and_branches_of_its_file() -> None:
    (debt,) = list_debts([row()], SNAPSHOTS, TODAY)
    assert (debt.age, debt.days, debt.missing) == (20, 9, 5)


def test_a_row_that_sync_has_not_seen_has_no_age() -> None:
    (debt,) = list_debts([row(status=Status("open"))], SNAPSHOTS, TODAY)
    assert debt.age is None
    assert sum_debts([debt]).oldest is None


def test_a_file_that_is_gone_and_a_resolved_row_owe_nothing() -> None:
    rows = [row(module="gone.py"), row(status=Status("resolved", TODAY))]
    assert [(debt.missing, debt.days) for debt in list_debts(rows, SNAPSHOTS, TODAY)] == [
        (0, 9),
        (0, 9),
    ]


@pytest.mark.reliability
def test_what_was_not_measured_is_unknown_and_not_nothing() -> None:
    (debt,) = list_debts([row(suite="auth")], SNAPSHOTS, TODAY)
    assert debt.missing is None
    assert sum_debts([debt]) == Totals(
        rows=1, open=1, expired=0, missing=0, unmeasured=1, oldest=20
    )


def test_the_debt_of_a_register_is_counted_over_its_open_rows() -> None:
    rows = [
        row(),
        row(module="apps/b.py", review=TODAY, status=Status("open", date(2026, 1, 1))),
        row(module="apps/c.py", review=date(2026, 11, 20)),
        row(module="apps/d.py", review=date(2020, 1, 1), status=Status("resolved", TODAY)),
    ]
    assert sum_debts(list_debts(rows, SNAPSHOTS, TODAY)) == Totals(
        rows=4, open=3, expired=1, missing=13, unmeasured=0, oldest=324
    )


def test_an_empty_register_owes_nothing() -> None:
    assert sum_debts(list_debts((), SNAPSHOTS, TODAY)) == Totals(0, 0, 0, 0, 0, None)
