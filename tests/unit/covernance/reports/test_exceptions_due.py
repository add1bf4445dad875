from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.exceptions.row import Row, Status
from covernance.reports.exceptions_due import exception_due
from covernance.reports.state import ExceptionDue

pytestmark = pytest.mark.architecture

TODAY = date(2026, 11, 21)


@given(st.integers(-9999, 9999))
def test_row_is_shown_with_the_days_left(days: int) -> None:
    review = TODAY + timedelta(days=days)
    row = Row(
        line=1,
        module="a.py",
        suite="calc",
        current="50.00 / 90",
        rationale="old",
        owner="@team",
        review=review,
        plan="",
        status=Status(),
    )
    assert exception_due(row, TODAY) == ExceptionDue(
        module="a.py",
        suite="calc",
        owner="@team",
        review_date=f"{review:%Y-%m-%d}",
        days_left=days,
    )
