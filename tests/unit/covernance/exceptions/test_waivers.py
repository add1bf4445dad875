from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import (
    describe_expired,
    describe_idle,
    describe_late,
    find_due,
    find_expired,
    find_late,
    find_review_dates,
    find_waived,
)
from covernance.model.verdict import Waiver
from tests.unit.covernance.exceptions.register_samples import DATES, TODAY, row

pytestmark = pytest.mark.security

RESOLVED = Status("resolved", TODAY, "abc")


def ahead(days: int, **changes: object) -> Row:
    return row(review=TODAY + timedelta(days=days), **changes)


def test_a_row_waives_up_to_and_including_its_review_date() -> None:
    rows = [row(review=date(2026, 11, 30))]
    waiver = Waiver("apps/a.py", "@a", date(2026, 11, 30))
    assert find_waived(rows, "api", find_review_dates(date(2026, 11, 30), 90)) == (waiver,)
    assert find_waived(rows, "api", find_review_dates(date(2026, 12, 1), 90)) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"rationale": ""},
        {"rationale": "TODO: rationale"},
        {"owner": ""},
        {"status": RESOLVED},
        {"suite": "auth"},
    ],
)
def test_a_row_waives_nothing_if(changes: dict[str, object]) -> None:
    assert find_waived([row(**changes)], "api", DATES) == ()


@given(st.lists(st.integers(-40, 40)))
def test_a_row_never_waives_and_expires_on_one_day(days: list[int]) -> None:
    rows = [ahead(number, module=f"{index}.py") for index, number in enumerate(days)]
    late = {result.module for result in find_expired(rows, TODAY)}
    waived = {waiver.path for waiver in find_waived(rows, "api", DATES)}
    assert late.isdisjoint(waived)
    assert late | waived == {result.module for result in rows}


@pytest.mark.parametrize(("days", "waives"), [(60, True), (61, False), (9999, False)])
def test_a_review_date_is_at_most_twice_the_review_days_ahead(days: int, *, waives: bool) -> None:
    dates = find_review_dates(TODAY, 30)
    late = ahead(days)
    assert bool(find_waived([late], "api", dates)) is waives
    assert bool(find_late([late], dates)) is not waives
    assert bool(describe_idle([late], "api", dates)) is not waives
    assert find_late([ahead(days, status=RESOLVED)], dates) == ()


def test_a_row_that_waives_nothing_is_described_with_what_to_do() -> None:
    rows = [
        row(),
        row(line=7, owner="", rationale="TBD"),
        row(line=8, review=date(9999, 12, 31)),
        ahead(-1),
        ahead(1, owner="", status=RESOLVED),
        row(suite="auth", owner=""),
    ]
    assert describe_idle(rows, "api", DATES) == (
        "the exception for apps/a.py (line 7) waives nothing: fill in rationale and owner",
        f"the exception for apps/a.py (line 8) waives nothing: {describe_late(rows[2], DATES)}",
    )


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("days", "notice"),
    [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (0, 7), (-1, 0), (-99, 0)],
)
def test_a_row_is_reported_30_14_and_7_days_before_it_expires(
    days: int, notice: int | None
) -> None:
    result = find_due([ahead(days)], TODAY)
    assert [(item.days, item.notice) for item in result] == (
        [] if notice is None else [(days, notice)]
    )


@pytest.mark.reliability
def test_the_most_urgent_comes_first_and_resolved_rows_are_not_due() -> None:
    rows = [
        ahead(9, module="b"),
        ahead(-1, module="z"),
        ahead(9, module="a"),
        ahead(1, status=RESOLVED),
    ]
    assert [item.row.module for item in find_due(rows, TODAY)] == ["z", "a", "b"]


def test_an_expired_row_is_described_for_its_suite_only() -> None:
    rows = [ahead(-1), ahead(5, suite="auth")]
    assert describe_expired(rows, "auth", TODAY) == ()
    (reason,) = describe_expired(rows, "api", TODAY)
    assert reason == (
        "the exception for apps/a.py expired on 2026-11-20 (line 6, owner @a); cover the file and "
        "run `covernance exceptions sync`, or ask its owner to renew it"
    )


def test_an_incomplete_row_also_expires() -> None:
    (reason,) = describe_expired([ahead(-1, rationale="", owner="")], "api", TODAY)
    assert "owner nobody" in reason


def test_a_resolved_row_never_expires() -> None:
    assert find_expired([ahead(-1, status=RESOLVED)], TODAY) == ()
    assert describe_expired([ahead(-1, status=RESOLVED)], "api", TODAY) == ()
