"""What a suite is judged by today, and how an earlier result of it fares under that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from covernance.config import Suite, Table
from covernance.exceptions.excused import find_exceptions
from covernance.gate.floors import (
    AppliedFloor,
    Exceptions,
    Measured,
    find_applied_floor,
    judge_suite,
)
from covernance.git.changes import Changes
from covernance.model.snapshot import FAILED, Floor, Snapshot
from covernance.model.totals import sum_files
from covernance.model.verdict import PASS


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


def read_judgement(
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
        find_applied_floor(suite, fail_under, environ), find_exceptions(table, suite, now.date())
    )


def judge_stored(suite: Suite, stored: Snapshot, today: Judgement) -> Snapshot:
    """A result that was judged before, as today's floor and exceptions judge it.

    What was refused then stays refused: the counts alone do not tell every reason.
    """
    if stored.verdict != PASS:
        return stored
    failed = [name for name, test in stored.tests.items() if test.outcome in FAILED]
    measured = Measured(cells=stored.themes, files=stored.files, failures=failed)
    verdict = judge_suite(suite, today.floor, measured, today.excused)
    return msgspec.structs.replace(
        stored,
        total=sum_files(stored.files),
        verdict=verdict.name,
        reasons=verdict.reasons,
        floor=Floor(str(today.floor.percent), today.floor.origin),
    )
