from __future__ import annotations

import json
from datetime import date

import msgspec
import pytest

from covernance.exceptions.expiry_facts import exception_facts
from covernance.exceptions.waivers import find_due
from tests.unit.covernance.exceptions.register_samples import row

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("day", "state"), [(date(2026, 11, 25), "7-days"), (date(2026, 11, 1), "expired")]
)
def test_an_exceptions_fact_has_its_notice_as_state(day: date, state: str) -> None:
    due = find_due([row(module="a.py", review=day)], date(2026, 11, 21))
    (fact,) = exception_facts(due)
    assert (fact.subject, fact.state, fact.good) == ("a.py", state, False)
    assert json.loads(msgspec.json.encode([fact]))
