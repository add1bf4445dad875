"""What a suite is judged by today, and how an earlier result of it fares under that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from covernance.config import Suite, Table
from covernance.exceptions.excused import exceptions
from covernance.gate.floors import AppliedFloor, Exceptions, Measured, applied_floor, judge
from covernance.git.changes import Changes
from covernance.model.snapshot import FAILED, Floor, Snapshot
from covernance.model.totals import total
from covernance.model.verdict import Verdict


class Judgement(msgspec.Struct, frozen=True):
    """What a suite is judged by.

    Attributes:
        floor: Its floor.
        excused: What the exception register says of it.
        change: What the run's patch coverage is counted of; None where git can't tell.
    """

    floor: AppliedFloor
    excused: Exceptions
    change: Changes | None = None


def judgement(
    table: Table,
    suite: Suite,
    environ: Mapping[str, str],
    now: datetime,
    fail_under: str | None = None,
) -> Judgement:
    """What holds of a suite today; `fail_under` is the option's text.

    Raises:
        CovernanceError: The floor in force is no percentage, or the register can't be read.
    """
    return Judgement(
        applied_floor(suite, fail_under, environ), exceptions(table, suite, now.date())
    )


def rejudged(suite: Suite, kept: Snapshot, today: Judgement) -> Snapshot:
    """A result that was judged before, as today's floor and exceptions judge it.

    What was refused then stays refused: the counts alone do not tell every reason.
    """
    if kept.verdict != Verdict.PASS:
        return kept
    failed = [name for name, test in kept.tests.items() if test.outcome in FAILED]
    measured = Measured(cells=kept.themes, files=kept.files, failures=failed)
    assessment = judge(suite, today.floor, measured, today.excused)
    return msgspec.structs.replace(
        kept,
        total=total(kept.files),
        verdict=assessment.verdict,
        reasons=assessment.reasons,
        floor=Floor(str(today.floor.percent), today.floor.origin),
    )
