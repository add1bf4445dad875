"""Find and publish stored results for suites that a change does not affect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from covernance import files
from covernance.config import Suite
from covernance.contents import Contents
from covernance.context import Context
from covernance.errors import InputError
from covernance.history.store import Entry, StoreListing
from covernance.judgement import judge_stored, read_judgement
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
    context: Context, suite: Suite, history: StoreListing, ancestors: Sequence[str]
) -> Entry | NotCarried:
    """Find the newest result of the nearest commit that has one, if it can be carried forward.

    Args:
        context: The table and the current time.
        suite: The suite.
        history: The stored results.
        ancestors: The base commit of the change and its ancestors, nearest first.

    Raises:
        CovernanceError: The store can't be read.
    """
    newest = {entry.commit: entry for entry in history.of(suite.name)}
    entry = next((newest[commit] for commit in ancestors if commit in newest), None)
    if entry is None:
        return NotCarried("no stored result for the base commit or any commit before it")
    if why := _why_unusable(context, history.read(entry)):
        return NotCarried(why)
    return entry


def publish_carried(
    context: Context, suite: Suite, history: StoreListing, entry: Entry
) -> SuiteResult | NotCarried:
    """Publish a stored result, checked against today's floor and exceptions.

    Args:
        context: The context, for the floor and the age of the result.
        suite: The suite that was left out.
        history: The stored results.
        entry: The planned result.

    Raises:
        CovernanceError: The store or the register can't be read.
    """
    if entry not in history.of(suite.name):
        return NotCarried(
            f"its result of {short_commit(entry.commit)} is no longer stored; plan again"
        )
    stored = history.read(entry)
    if why := _why_unusable(context, stored):
        return NotCarried(f"{why}; plan again")
    source = msgspec.structs.replace(
        stored.provenance,
        source=CARRIED,
        carried_at=context.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        # The plan found that the suite is unaffected by what has changed since.
        contents=Contents(context).of_suite(suite, stored.provenance.contents),
    )
    result = msgspec.structs.replace(
        judge_stored(suite, stored, read_judgement(context, suite)),
        provenance=source,
        patch=None,
    )
    with files.locked(context.layout.lock):
        files.write_atomic(context.layout.snapshot(suite.name), result.encode())
    return to_suite_result(result)


def publish_all_carried(
    context: Context, plan: Plan, history: StoreListing
) -> tuple[list[SuiteResult], dict[str, str]]:
    """Publish the stored results of suites that a plan leaves out.

    Returns:
        The published results and, by suite, why one can't be published.

    Raises:
        InputError: The plan was made for another table.
        CovernanceError: The store or the register can't be read.
    """
    if plan.config != context.table.digest():
        msg = "the plan was made for another table; run `covernance plan --format github` again"
        raise InputError(msg)
    taken: list[SuiteResult] = []
    reasons: dict[str, str] = {}
    for suite in context.table.suites:
        if left_out := plan.left_out.get(suite.name):
            result = publish_carried(context, suite, history, left_out.entry)
            if isinstance(result, NotCarried):
                reasons[suite.name] = result.reason
            else:
                taken.append(result)
        elif not plan.shards(suite.name):
            reasons[suite.name] = "not part of the plan"
    return taken, reasons


def _why_unusable(context: Context, stored: Snapshot) -> str:
    """Why a stored result can't be carried forward; "" if it can."""
    source = stored.provenance
    subject = f"its result of {short_commit(source.commit)}"
    if stored.verdict != Verdict.PASS:
        return f"{subject} is {stored.verdict}"
    if source.dirty is not False:
        return f"{subject} was measured with uncommitted changes"
    if source.config != context.table.digest():
        return f"{subject} was measured with another table"
    measured = source.origin.recorded_at if source.origin else source.recorded_at
    age = context.now - timestamp.read(measured, f"the result of {stored.suite}")
    if age < timedelta(0):
        return f"{subject} was recorded in the future"
    limit = context.table.history.carry_days
    if age > timedelta(days=limit):
        return (
            f"{subject} is {timestamp.format_days(age.days)} old, the limit is {limit} (carry-days)"
        )
    return ""
