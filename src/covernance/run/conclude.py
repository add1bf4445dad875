"""Combine the passes of a suite into its result, and publish its reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from covernance.agent.client import Agent
from covernance.agent.reports import Report, Reported
from covernance.agent.sources import Statements
from covernance.config import Suite
from covernance.engine.arguments import ReportRequest
from covernance.engine.processes import Finished
from covernance.engine.shard import Shard
from covernance.errors import CovernanceError, Exit
from covernance.gate.floors import Measured, judge_suite
from covernance.judgement import Judgement
from covernance.layout import Layout
from covernance.model.inputs import Inputs
from covernance.model.snapshot import Floor, Provenance, Snapshot
from covernance.model.suite_result import SuiteResult
from covernance.model.totals import sum_files
from covernance.model.verdict import Assessment, Verdict
from covernance.patch import recorded
from covernance.patch.changed import NOTHING, statements_task
from covernance.report_formats import FORMATS
from covernance.run import outcomes, publish
from covernance.run.scope import Scope
from covernance.who import recording


class Passes(msgspec.Struct, frozen=True, kw_only=True):
    """The passes of one suite.

    Attributes:
        finished: One for each theme, or one for each theme and shard.
        scope: Which part of the suite they cover. A shard may be empty: `collect` checks that every
            test ran.
        problems: Why they do not form a complete suite; each counts as a failure.
        inputs: What they depended on; None if that is unknown.
        where: Where they were downloaded from, if another machine ran them. Their data must not
            name files outside this repository then.
    """

    finished: Sequence[Finished]
    scope: Scope = Scope()
    problems: tuple[str, ...] = ()
    inputs: Inputs | None = None
    where: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every test of the suite ran to its end and recorded coverage data."""
        return (
            self.scope.is_whole
            and all(map(outcomes.is_whole, self.finished))
            and not outcomes.unmeasured(self.finished)
            and not self.problems
        )


class Counted(msgspec.Struct, frozen=True):
    """The counts of a suite's passes, from an agent in the tested environment.

    Attributes:
        reported: The counts, and whether reports were written.
        statements: The statements of the changed sources; None if a source can't be read.
    """

    reported: Reported
    statements: Statements | None = NOTHING


def conclude(
    suite: Suite,
    passes: Passes,
    judgement: Judgement,
    source: Provenance,
    layout: Layout,
    work: Path,
    reports: Sequence[ReportRequest],
    agent: Agent,
) -> SuiteResult:
    """Combine and count the data of a suite, check its floor and publish the result.

    Args:
        suite: The suite.
        passes: Its passes.
        judgement: Its floor and exceptions.
        source: Where the result comes from.
        layout: The paths of results.
        work: An unused folder on the same file system.
        reports: The user's `--cov-report` options.
        agent: Combines, counts and writes the reports.
    """
    if not passes.scope.is_whole:
        targets = publish.plan_partial(suite.name, reports, layout, work)
    elif passes.complete:
        targets = publish.plan_complete(suite.name, reports, layout, work)
    else:
        targets = {}
    task = Report(
        data=tuple(result.planned.folder for result in passes.finished),
        target=work / "combined" / ".coverage",
        source=suite.source,
        analyses=layout.analyses,
        where=passes.where,
        themes=_themes(passes),
        tests=work / "contexts" / recording.TESTS if passes.complete else None,
        reports=tuple(targets.values()),
        text=_terminal_report(reports),
    )
    counted = _count(agent, task, suite, passes, judgement, layout)
    snapshot, exit_code = assess(suite, passes, judgement, source, counted)
    published: tuple[Path, ...] = ()
    if snapshot.files and not passes.scope.is_whole:
        published = publish.publish_reports(targets, layout)
    elif snapshot.files and passes.complete:
        published = publish.publish_complete(snapshot, targets, task.target, layout)
        published += recording.publish_recording(work / "contexts", suite, snapshot, layout)
    return SuiteResult(
        snapshot=snapshot,
        exit=exit_code,
        partial=passes.scope.reasons,
        published=published,
        text=counted.reported.text,
    )


def assess(
    suite: Suite, passes: Passes, judgement: Judgement, source: Provenance, counted: Counted
) -> tuple[Snapshot, Exit]:
    """Return the result of a suite and its exit code, without writing anything.

    Args:
        suite: The suite.
        passes: Its passes.
        judgement: Its floor and exceptions.
        source: Where the result comes from.
        counted: Its counts.
    """
    results, unreadable = counted.reported.files, counted.reported.unreadable
    cells = outcomes.cells(passes.finished, results)
    measured = Measured(
        cells=cells,
        files=results,
        failures=sorted({*outcomes.failures(passes.finished), *passes.problems}),
        unmeasured=(
            outcomes.unmeasured(passes.finished) if results or unreadable else tuple(cells)
        ),
        lost=outcomes.lost(passes.finished),
        unreadable=unreadable,
    )
    assessment = (
        judge_suite(suite, judgement.floor, measured, judgement.excused)
        if passes.scope.is_whole
        else _assess_partial(measured, passes.scope.shard)
    )
    snapshot = Snapshot(
        suite=suite.name,
        verdict=assessment.verdict,
        reasons=assessment.reasons,
        floor=Floor(str(judgement.floor.percent), judgement.floor.origin),
        provenance=source,
        total=sum_files(results),
        themes=cells,
        files=results,
        tests=outcomes.tests(passes.finished),
        unthemed=outcomes.unthemed(passes.finished),
        flaky=outcomes.flaky(passes.finished),
        inputs=passes.inputs,
    )
    if judgement.change and counted.statements and passes.scope.is_whole:
        patch = recorded.count_patch(suite, snapshot, judgement.change, counted.statements)
        snapshot = msgspec.structs.replace(snapshot, patch=patch)
    verdict = assessment.verdict
    return snapshot, Exit.PASS if verdict is Verdict.PARTIAL else verdict.exit


def _count(
    agent: Agent,
    report: Report,
    suite: Suite,
    passes: Passes,
    judgement: Judgement,
    layout: Layout,
) -> Counted:
    """Run all of the agent's tasks in one process."""
    tasks: list[tuple[msgspec.Struct, type[Any]]] = [(report, Reported)]
    statements: Statements | None = NOTHING
    if judgement.change and passes.scope.is_whole:
        try:
            task = statements_task(layout.root, suite, None, judgement.change)
        except CovernanceError:
            statements, task = None, None
        if task:
            tasks.append((task, Statements))
    reported, *read_statements = agent.ask_all(tasks)
    return Counted(reported, read_statements[0] if read_statements else statements)


def _themes(passes: Passes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(result.planned.theme for result in passes.finished))


def _terminal_report(requested: Sequence[ReportRequest]) -> str | None:
    """The terminal report to print: of those requested, the last one in the registry."""
    kinds = {request.format for request in requested if FORMATS[request.format].for_terminal}
    return next((name for name in reversed(FORMATS) if name in kinds), None)


def _assess_partial(measured: Measured, shard: Shard) -> Assessment:
    """The verdict of a partial run, whose floor is not checked."""
    if measured.failures:
        return Assessment(Verdict.TESTS_FAILED, tuple(measured.failures))
    if measured.unreadable:
        return Assessment(Verdict.NO_DATA, (measured.unreadable,))
    if shard.whole and not any(cell.outcomes.tests for cell in measured.cells.values()):
        return Assessment(Verdict.NO_TESTS, ("the selection matches no test",))
    return Assessment(Verdict.PARTIAL)
