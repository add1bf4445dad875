"""Turn the finished passes of a suite into its result, and publish what may be published."""

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
        scope: What part of the suite they are. A shard without a test is fine: `collect` checks
            that every test ran.
        problems: Why they do not make up the suite though they should; a failure each.
        inputs: What they depended on; None if that is unknown.
        where: Where they came from, if another machine ran them: then their data must not name
            files outside of this repository.
    """

    finished: Sequence[Finished]
    scope: Scope = Scope()
    problems: tuple[str, ...] = ()
    inputs: Inputs | None = None
    where: str | None = None

    @property
    def complete(self) -> bool:
        """Whether they are the whole suite, and every test of it ran and left data."""
        return (
            self.scope.is_whole
            and all(map(outcomes.is_whole, self.finished))
            and not outcomes.unmeasured(self.finished)
            and not self.problems
        )


class Counted(msgspec.Struct, frozen=True):
    """What an agent made of a suite's passes, in the tested environment.

    Attributes:
        reported: The counts, and whether reports were written.
        statements: What it read of the changed sources; None if one of these can't be read.
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
    """Combine, count, judge and publish.

    Args:
        suite: The suite.
        passes: What was run of it.
        judgement: What it is judged by.
        source: Where the result comes from.
        layout: Where results lie.
        work: A folder on the same file system that nothing else uses.
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
        text=_text(reports),
    )
    counted = _ask(agent, task, suite, passes, judgement, layout)
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
    """The result of a suite, and the exit code that follows from it; writes nothing.

    Args:
        suite: The suite.
        passes: What was run of it.
        judgement: What it is judged by.
        source: Where the result comes from.
        counted: What was counted of it.
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
        else _of_partial(measured, passes.scope.shard)
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


def _ask(
    agent: Agent,
    report: Report,
    suite: Suite,
    passes: Passes,
    judgement: Judgement,
    layout: Layout,
) -> Counted:
    """Have everything done that the agent is needed for, by one process."""
    tasks: list[tuple[msgspec.Struct, type[Any]]] = [(report, Reported)]
    statements: Statements | None = NOTHING
    if judgement.change and passes.scope.is_whole:
        try:
            task = statements_task(layout.root, suite, None, judgement.change)
        except CovernanceError:
            statements, task = None, None
        if task:
            tasks.append((task, Statements))
    reported, *read = agent.ask_all(tasks)
    return Counted(reported, read[0] if read else statements)


def _themes(passes: Passes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(result.planned.theme for result in passes.finished))


def _text(asked: Sequence[ReportRequest]) -> str | None:
    """Of the reports for the terminal that are asked for, the last of the registry."""
    kinds = {request.format for request in asked if FORMATS[request.format].for_terminal}
    return next((name for name in reversed(FORMATS) if name in kinds), None)


def _of_partial(measured: Measured, shard: Shard) -> Assessment:
    """The verdict of a selection, which has no floor: what failed, or nothing."""
    if measured.failures:
        return Assessment(Verdict.TESTS_FAILED, tuple(measured.failures))
    if measured.unreadable:
        return Assessment(Verdict.NO_DATA, (measured.unreadable,))
    if shard.whole and not any(cell.outcomes.tests for cell in measured.cells.values()):
        return Assessment(Verdict.NO_TESTS, ("the selection matches no test",))
    return Assessment(Verdict.PARTIAL)
