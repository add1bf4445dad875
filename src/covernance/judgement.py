"""The floor and exceptions in force for a suite, and their use on a stored result."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from covernance.config import Suite
from covernance.config.effective import list_effective_values
from covernance.context import Context
from covernance.exceptions.excused import find_exceptions
from covernance.gate.floors import (
    AppliedFloor,
    Exceptions,
    Measured,
    find_applied_floor,
    find_used_waivers,
    judge_suite,
)
from covernance.git.changes import Changes
from covernance.model.effects import Setting
from covernance.model.snapshot import FAILED, Floor, Snapshot
from covernance.model.totals import sum_files
from covernance.model.verdict import Verdict


class Judgement(msgspec.Struct, frozen=True):
    """The rules that a suite's result is checked against.

    Attributes:
        floor: Its floor.
        excused: Its entries in the exception register.
        change: The change that the run's patch coverage is measured on; None if git can't
            determine it.
        values: The suite's values in the table, and where each was set.
    """

    floor: AppliedFloor
    excused: Exceptions
    change: Changes | None = None
    values: Mapping[str, Setting] = {}


def read_judgement(context: Context, suite: Suite, fail_under: str | None = None) -> Judgement:
    """Read the rules in force for a suite; `fail_under` is the text of the option.

    Raises:
        CovernanceError: The floor in force is not a percentage, or the register can't be read.
    """
    values = list_effective_values(context.table, suite)
    return Judgement(
        find_applied_floor(suite, fail_under, context.environ),
        find_exceptions(context, suite),
        values={name: Setting(value, origin) for name, value, origin in values},
    )


def judge_stored(suite: Suite, stored: Snapshot, today: Judgement) -> Snapshot:
    """Check a stored result again, against today's floor and exceptions.

    A result that failed stays failed: not every reason can be derived from the counts.
    """
    if stored.verdict != Verdict.PASS:
        return stored
    failed = [name for name, test in stored.tests.items() if test.outcome in FAILED]
    measured = Measured(cells=stored.themes, files=stored.files, failures=failed)
    assessment = judge_suite(suite, today.floor, measured, today.excused)
    return msgspec.structs.replace(
        stored,
        total=sum_files(stored.files),
        verdict=assessment.verdict,
        reasons=assessment.reasons,
        waived=find_used_waivers(suite, today.floor, measured, today.excused.waived),
        floor=Floor(str(today.floor.percent), today.floor.origin),
        effects=stored.effects and msgspec.structs.replace(stored.effects, table=today.values),
    )
