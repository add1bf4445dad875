from __future__ import annotations

from decimal import Decimal

import pytest

from covernance.guard import compare
from covernance.guard.drop_facts import guard_facts
from covernance.guard.workflow import GuardResult
from covernance.model.counts import Counts
from covernance.model.verdict import Assessment, Verdict

pytestmark = pytest.mark.architecture


def guarded(after: Counts, measure: str = "security") -> GuardResult:
    drop = compare.Drop(
        measure=measure, before=Counts(100, 90), after=after, limit=Decimal(2), files=()
    )
    comparison = compare.Comparison(suite="calc", numbers=(drop,), gone=(), broken=())
    return GuardResult(suite="calc", assessment=comparison.assessment, comparison=comparison)


def test_every_measure_is_a_fact_whether_good_or_bad() -> None:
    nothing = GuardResult(suite="new", assessment=Assessment(Verdict.NO_BASELINE))
    facts = guard_facts([guarded(Counts(100, 80)), nothing])
    assert [(fact.suite, fact.theme, fact.good) for fact in facts] == [("calc", "security", False)]
    assert "90.00 % → 80.00 %" in facts[0].text
    assert guard_facts([guarded(Counts(100, 90))])[0].good


@pytest.mark.parametrize("measure", ["total", "patch"])
def test_a_measure_of_the_whole_suite_has_no_theme(measure: str) -> None:
    assert guard_facts([guarded(Counts(1, 1), measure)])[0].theme == ""
