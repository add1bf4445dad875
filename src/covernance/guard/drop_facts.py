"""Facts for alerts about drops in coverage."""

from __future__ import annotations

from collections.abc import Sequence

from covernance.guard.workflow import PATCH, TOTAL, GuardResult
from covernance.model.counts import show
from covernance.model.fact import Fact


def guard_facts(results: Sequence[GuardResult]) -> list[Fact]:
    """Create one fact per measure that the guard compared."""
    return [
        Fact(
            kind="drop",
            suite=result.suite,
            theme="" if drop.measure in (TOTAL, PATCH) else drop.measure,
            subject=drop.measure,
            text=f"{drop.measure} of {result.suite}: {show(drop.before.percent)} % → "
            f"{show(drop.after.percent)} % (limit {drop.limit} points)",
            good=not drop.over,
        )
        for result in results
        if result.comparison
        for drop in result.comparison.numbers
    ]
