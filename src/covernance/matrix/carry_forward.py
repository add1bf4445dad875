"""An earlier result for a suite that a change does not touch: found, and taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from covernance import files
from covernance.config import Suite, Table
from covernance.errors import InputError
from covernance.history.store import Entry, StoreListing
from covernance.judgement import judge_stored, read_judgement
from covernance.layout import Layout
from covernance.matrix.jobs import Plan
from covernance.model import timestamp
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.model.text import short_commit
from covernance.model.verdict import Verdict


class Refused(msgspec.Struct, frozen=True):
    """Why there is no result of a suite that could be carried."""

    reason: str


def find(
    table: Table, suite: Suite, history: StoreListing, ancestors: Sequence[str], now: datetime
) -> Entry | Refused:
    """The newest result at the nearest commit that has one, where it may be carried.

    Args:
        table: The table.
        suite: The suite.
        history: Where earlier results are kept.
        ancestors: The commit that the change began at and those before it, nearest first.
        now: The present.

    Raises:
        CovernanceError: The store can't be read.
    """
    newest = {entry.commit: entry for entry in history.of(suite.name)}
    entry = next((newest[commit] for commit in ancestors if commit in newest), None)
    if entry is None:
        return Refused("no earlier result is kept")
    if why := _unfit(table, history.read(entry), now):
        return Refused(why)
    return entry


def take(
    table: Table,
    suite: Suite,
    history: StoreListing,
    entry: Entry,
    environ: Mapping[str, str],
    now: datetime,
) -> SuiteResult | Refused:
    """Put an earlier result in place for the present one, judged by today's floor and exceptions.

    Args:
        table: The table.
        suite: The suite that was left out.
        history: Where its result is kept.
        entry: The result, as it was planned.
        environ: The environment that the floor is read from.
        now: The present.

    Raises:
        CovernanceError: The store or the register can't be read.
    """
    if entry not in history.of(suite.name):
        return Refused(f"its result of {short_commit(entry.commit)} is no longer kept; plan again")
    kept = history.read(entry)
    if why := _unfit(table, kept, now):
        return Refused(f"{why}; plan again")
    source = msgspec.structs.replace(
        kept.provenance, source=CARRIED, carried_at=now.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    result = msgspec.structs.replace(
        judge_stored(suite, kept, read_judgement(table, suite, environ, now)),
        provenance=source,
        patch=None,
    )
    layout = Layout(table.root)
    with files.locked(layout.lock):
        files.write_atomic(layout.snapshot(suite.name), result.encode())
    return to_suite_result(result)


def take_all(
    table: Table, plan: Plan, history: StoreListing, environ: Mapping[str, str], now: datetime
) -> tuple[list[SuiteResult], dict[str, str]]:
    """Take in what stands for the suites that a plan leaves out, and say why for some it can't.

    Raises:
        InputError: The plan is of another table.
        CovernanceError: The store or the register can't be read.
    """
    if plan.config != table.digest():
        msg = (
            "the plan is of another table than the one here; run `covernance plan --format github`"
        )
        raise InputError(msg)
    taken: list[SuiteResult] = []
    refused: dict[str, str] = {}
    for suite in table.suites:
        if left := plan.left_out.get(suite.name):
            found = take(table, suite, history, left.entry, environ, now)
            if isinstance(found, Refused):
                refused[suite.name] = found.reason
            else:
                taken.append(found)
        elif not plan.shards(suite.name):
            refused[suite.name] = "the plan does not know it"
    return taken, refused


def _unfit(table: Table, kept: Snapshot, now: datetime) -> str:
    """Why a kept result can't stand for the present one; "" where it can."""
    source = kept.provenance
    what = f"its result of {short_commit(source.commit)}"
    if kept.verdict != Verdict.PASS:
        return f"{what} is {kept.verdict}"
    if source.dirty is not False:
        return f"{what} was measured with changes"
    if source.config != table.digest():
        return f"{what} is of another table"
    measured = source.origin.recorded_at if source.origin else source.recorded_at
    age = now - timestamp.read(measured, f"the result of {kept.suite}")
    if age < timedelta(0):
        return f"{what} was recorded later than now"
    if age > timedelta(days=table.history.carry_days):
        most = table.history.carry_days
        return f"{what} is {timestamp.format_days(age.days)} old, of at most {most} (carry-days)"
    return ""
