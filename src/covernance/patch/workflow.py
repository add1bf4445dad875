"""Patch coverage of every suite, from its last full run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from covernance.agent.sources import Statements
from covernance.agent.suites import Agents, ask_each
from covernance.config import Suite
from covernance.context import Context
from covernance.errors import Exit
from covernance.freshness import Unusable, require_current
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict
from covernance.patch.changed import NOTHING, changed_statements, statements_task
from covernance.patch.moved_code import find_patch
from covernance.patch.policy import PatchResult, PatchRule, judge_patch
from covernance.results import read_results


class SuitePatch(msgspec.Struct, frozen=True, kw_only=True):
    """Patch coverage of one suite.

    Attributes:
        suite: Its name.
        verdict: `pass`, `informs`, `below-floor`, `no-data` or `stale`.
        reasons: Why there are no results; empty if there are.
        results: The suite's result, then its themes'.
        unmeasured: Changed sources that the suite's last run did not measure.
    """

    suite: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    results: tuple[PatchResult, ...] = ()
    unmeasured: tuple[str, ...] = ()


class PatchReport(msgspec.Struct, frozen=True):
    """Patch coverage of the requested suites since `base`, a commit; None if there is none."""

    base: str | None
    suites: tuple[SuitePatch, ...]

    @property
    def exit(self) -> Exit:
        """The exit code for all suites."""
        passed = all(suite.verdict in (Verdict.PASS, Verdict.INFORMS) for suite in self.suites)
        return Exit.PASS if passed else Exit.GATE


def measure_patch(
    context: Context,
    suites: Sequence[Suite],
    base: str,
    agents: Agents,
    *,
    fail_under: Decimal | None = None,
    min_lines: int | None = None,
) -> PatchReport:
    """Check the coverage of lines that differ from `base`, by each suite's last full run.

    Args:
        context: The context; the table's folder must be the current one.
        suites: The suites to check.
        base: A commit.
        agents: Finds the agent of a suite.
        fail_under: The floor, instead of each suite's.
        min_lines: The minimum number of changed lines, instead of the table's.

    Raises:
        CovernanceError: A snapshot is damaged, a file can't be read, or git fails.
    """
    diff = find_patch(context.root, base, context.table)
    results = read_results(context)
    least = context.table.patch_min_lines if min_lines is None else min_lines
    known = {suite.name: require_current(suite, results[suite.name]) for suite in suites}
    tasks = [
        (suite, task)
        for suite in suites
        if isinstance(snapshot := known[suite.name], Snapshot)
        and (task := statements_task(context.root, suite, snapshot, diff))
    ]
    answers = ask_each(agents, tasks, Statements)
    read = {suite.name: answer for (suite, _), answer in zip(tasks, answers, strict=True)}
    judged = []
    for suite in suites:
        snapshot = known[suite.name]
        if isinstance(snapshot, Unusable):
            verdict, reasons = snapshot.verdict, snapshot.reasons
            judged.append(SuitePatch(suite=suite.name, verdict=verdict, reasons=reasons))
            continue
        percent = suite.patch_fail_under if fail_under is None else fail_under
        rule = PatchRule(percent=percent, min_lines=least)
        sources = read.get(suite.name, NOTHING).sources
        changed = changed_statements(suite, snapshot, diff, sources)
        judged.append(_suite_patch(suite, snapshot, changed, rule))
    return PatchReport(base, tuple(judged))


def _suite_patch(
    suite: Suite, snapshot: Snapshot, changed: Mapping[str, frozenset[int]], rule: PatchRule
) -> SuitePatch:
    results = judge_patch(snapshot, changed, rule)
    return SuitePatch(
        suite=suite.name,
        verdict=results[0].verdict,
        results=results,
        unmeasured=tuple(sorted(changed.keys() - snapshot.files.keys())),
    )
