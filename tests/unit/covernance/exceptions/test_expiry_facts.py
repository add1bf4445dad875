from __future__ import annotations

import json
from datetime import date

import msgspec
import pytest

from covernance.exceptions.expiry_facts import exception_facts
from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import find_due

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("day", "state"), [(date(2026, 11, 25), "7-days"), (date(2026, 11, 1), "expired")]
)
def test_an_exceptions_fact_has_its_notice_as_state(day: date, state: str) -> None:
    row = Row(
        line=1,
        module="a.py",
        suite="calc",
        current="",
        rationale="old",
        owner="@team",
        review=day,
        plan="",
        status=Status(),
    )
    (fact,) = exception_facts(find_due([row], date(2026, 11, 21)))
    assert (fact.subject, fact.state, fact.good) == ("a.py", state, False)
    assert json.loads(msgspec.json.encode([fact]))
