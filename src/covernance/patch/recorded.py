"""The patch coverage that a run records in its snapshots."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from covernance.agent.client import Agent
from covernance.agent.sources import Statements
from covernance.config import Suite
from covernance.context import Context
from covernance.errors import CovernanceError
from covernance.git.base import find_change_base
from covernance.git.changes import Changes
from covernance.model.snapshot import PatchCounts, Snapshot
from covernance.patch.changed import NOTHING, changed_statements, statements_task
from covernance.patch.moved_code import find_patch
from covernance.patch.policy import PatchRule, judge_patch

_NO_FLOOR = PatchRule(percent=Decimal(0))


def find_change(context: Context) -> Changes | None:
    """Find the change in the work tree since its base, which `find_change_base` chooses.

    None if there is nothing to compare with, or git can't determine it, for example in a shallow
    clone.
    """
    try:
        base = find_change_base(context, None).commit
        return find_patch(context.root, base, context.table) if base else None
    except CovernanceError:
        return None


def count_patch(
    suite: Suite, snapshot: Snapshot, diff: Changes, statements: Statements
) -> PatchCounts:
    """Count how much of a change ran.

    Args:
        suite: The suite.
        snapshot: The result of the run that just measured it.
        diff: The change.
        statements: The statements of the changed sources, from the agent; see `statements_task`.
    """
    changed = changed_statements(suite, snapshot, diff, statements.sources)
    whole, *themes = judge_patch(snapshot, changed, _NO_FLOOR)
    return PatchCounts(
        base=diff.base,
        total=whole.counts,
        themes={result.theme: result.counts for result in themes if result.theme},
    )


def ask_patch(
    root: Path, suite: Suite, snapshot: Snapshot, diff: Changes, agent: Agent
) -> PatchCounts | None:
    """Count how much of a change ran, in a result of the current sources.

    None if a changed file can't be read.
    """
    try:
        task = statements_task(root, suite, snapshot, diff)
        statements = agent.ask(task, Statements) if task else NOTHING
    except CovernanceError:
        return None
    return count_patch(suite, snapshot, diff, statements)
