from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.reports.exceptions_due import exception_due
from covernance.reports.state import ExceptionDue
from tests.unit.covernance.exceptions.register_samples import row

pytestmark = pytest.mark.architecture

TODAY = date(2026, 11, 21)


@given(st.integers(-9999, 9999))
def test_row_is_shown_with_the_days_left(days: int) -> None:
    review = TODAY + timedelta(days=days)
    assert exception_due(row(review=review), TODAY) == ExceptionDue(
        module="apps/a.py",
        suite="api",
        owner="@a",
        review_date=f"{review:%Y-%m-%d}",
        days_left=days,
    )
