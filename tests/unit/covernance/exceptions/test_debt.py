from __future__ import annotations

from datetime import date

import pytest

from covernance.exceptions.debt import Totals, list_debts, sum_debts
from covernance.exceptions.row import Status
from covernance.model.counts import Counts
from tests.unit.covernance.exceptions.register_samples import DATES, TODAY, measured, row

pytestmark = pytest.mark.architecture

SNAPSHOTS = {"api": measured({"apps/a.py": Counts(10, 7, 4, 2), "apps/b.py": Counts(9, 1)})}


def test_the_debt_of_a_row_is_the_missing_code_of_its_file() -> None:
    (debt,) = list_debts([row()], SNAPSHOTS, DATES)
    assert (debt.age, debt.days, debt.missing) == (20, 9, 5)


def test_a_row_that_sync_has_not_processed_has_no_age() -> None:
    (debt,) = list_debts([row(status=Status("open"))], SNAPSHOTS, DATES)
    assert debt.age is None
    assert sum_debts([debt]).oldest is None


def test_deleted_files_and_resolved_rows_have_no_debt() -> None:
    rows = [row(module="gone.py"), row(status=Status("resolved", TODAY))]
    assert [(debt.missing, debt.days) for debt in list_debts(rows, SNAPSHOTS, DATES)] == [
        (0, 9),
        (0, 9),
    ]


@pytest.mark.security
@pytest.mark.parametrize(
    ("changes", "waives"),
    [
        ({}, True),
        ({"owner": ""}, False),
        ({"review": date(2026, 11, 20)}, False),
        ({"review": date(9999, 12, 31)}, False),
        ({"status": Status("resolved", TODAY)}, False),
    ],
)
def test_a_debt_shows_whether_its_row_waives_the_floor(
    changes: dict[str, object], *, waives: bool
) -> None:
    (debt,) = list_debts([row(**changes)], SNAPSHOTS, DATES)
    assert debt.waives is waives


@pytest.mark.reliability
def test_the_debt_of_an_unmeasured_suite_is_unknown_rather_than_zero() -> None:
    (debt,) = list_debts([row(suite="auth")], SNAPSHOTS, DATES)
    assert debt.missing is None
    assert sum_debts([debt]) == Totals(
        rows=1, open=1, expired=0, missing=0, unmeasured=1, oldest=20
    )


def test_the_debt_of_a_register_is_that_of_its_open_rows() -> None:
    rows = [
        row(),
        row(module="apps/b.py", review=TODAY, status=Status("open", date(2026, 1, 1))),
        row(module="apps/c.py", review=date(2026, 11, 20)),
        row(module="apps/d.py", review=date(2020, 1, 1), status=Status("resolved", TODAY)),
    ]
    assert sum_debts(list_debts(rows, SNAPSHOTS, DATES)) == Totals(
        rows=4, open=3, expired=1, missing=13, unmeasured=0, oldest=324
    )


def test_an_empty_register_has_no_debt() -> None:
    assert sum_debts(list_debts((), SNAPSHOTS, DATES)) == Totals(0, 0, 0, 0, 0, None)
