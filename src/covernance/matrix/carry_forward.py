"""Find and publish stored results for suites that a change does not affect."""

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


class NotCarried(msgspec.Struct, frozen=True):
    """Why no result of a suite can be carried forward."""

    reason: str


def find(
    table: Table, suite: Suite, history: StoreListing, ancestors: Sequence[str], now: datetime
) -> Entry | NotCarried:
    """Find the newest result of the nearest commit that has one, if it can be carried forward.

    Args:
        table: The table.
        suite: The suite.
        history: The stored results.
        ancestors: The base commit of the change and its ancestors, nearest first.
        now: The current time.

    Raises:
        CovernanceError: The store can't be read.
    """
    newest = {entry.commit: entry for entry in history.of(suite.name)}
    entry = next((newest[commit] for commit in ancestors if commit in newest), None)
    if entry is None:
        return NotCarried("no stored result for the base commit or any commit before it")
    if why := _why_unusable(table, history.read(entry), now):
        return NotCarried(why)
    return entry


def publish_carried(
    table: Table,
    suite: Suite,
    history: StoreListing,
    entry: Entry,
    environ: Mapping[str, str],
    now: datetime,
) -> SuiteResult | NotCarried:
    """Publish a stored result, checked against today's floor and exceptions.

    Args:
        table: The table.
        suite: The suite that was left out.
        history: The stored results.
        entry: The planned result.
        environ: The environment variables, for the floor.
        now: The current time.

    Raises:
        CovernanceError: The store or the register can't be read.
    """
    if entry not in history.of(suite.name):
        return NotCarried(
            f"its result of {short_commit(entry.commit)} is no longer stored; plan again"
        )
    stored = history.read(entry)
    if why := _why_unusable(table, stored, now):
        return NotCarried(f"{why}; plan again")
    source = msgspec.structs.replace(
        stored.provenance, source=CARRIED, carried_at=now.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    result = msgspec.structs.replace(
        judge_stored(suite, stored, read_judgement(table, suite, environ, now)),
        provenance=source,
        patch=None,
    )
    layout = Layout(table.root)
    with files.locked(layout.lock):
        files.write_atomic(layout.snapshot(suite.name), result.encode())
    return to_suite_result(result)


def publish_all_carried(
    table: Table, plan: Plan, history: StoreListing, environ: Mapping[str, str], now: datetime
) -> tuple[list[SuiteResult], dict[str, str]]:
    """Publish the stored results of suites that a plan leaves out.

    Returns:
        The published results and, by suite, why one can't be published.

    Raises:
        InputError: The plan was made for another table.
        CovernanceError: The store or the register can't be read.
    """
    if plan.config != table.digest():
        msg = "the plan was made for another table; run `covernance plan --format github` again"
        raise InputError(msg)
    taken: list[SuiteResult] = []
    reasons: dict[str, str] = {}
    for suite in table.suites:
        if left_out := plan.left_out.get(suite.name):
            result = publish_carried(table, suite, history, left_out.entry, environ, now)
            if isinstance(result, NotCarried):
                reasons[suite.name] = result.reason
            else:
                taken.append(result)
        elif not plan.shards(suite.name):
            reasons[suite.name] = "not part of the plan"
    return taken, reasons


def _why_unusable(table: Table, stored: Snapshot, now: datetime) -> str:
    """Why a stored result can't be carried forward; "" if it can."""
    source = stored.provenance
    subject = f"its result of {short_commit(source.commit)}"
    if stored.verdict != Verdict.PASS:
        return f"{subject} is {stored.verdict}"
    if source.dirty is not False:
        return f"{subject} was measured with uncommitted changes"
    if source.config != table.digest():
        return f"{subject} was measured with another table"
    measured = source.origin.recorded_at if source.origin else source.recorded_at
    age = now - timestamp.read(measured, f"the result of {stored.suite}")
    if age < timedelta(0):
        return f"{subject} was recorded in the future"
    limit = table.history.carry_days
    if age > timedelta(days=limit):
        return (
            f"{subject} is {timestamp.format_days(age.days)} old, the limit is {limit} (carry-days)"
        )
    return ""
