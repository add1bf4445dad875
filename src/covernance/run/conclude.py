"""Combine the themes of a suite into its result, and publish its reports."""

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
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.errors import CovernanceError, Exit
from covernance.gate.floors import Measured, find_used_waivers, judge_suite
from covernance.judgement import Judgement
from covernance.layout import Layout
from covernance.model.inputs import Inputs
from covernance.model.snapshot import Floor, Provenance, Snapshot
from covernance.model.suite_result import SuiteResult
from covernance.model.totals import sum_files
from covernance.model.verdict import Assessment, Verdict, Waiver
from covernance.patch import recorded
from covernance.patch.changed import NOTHING, statements_task
from covernance.report_formats import FORMATS
from covernance.run import junit, outcomes, publish
from covernance.run.recorded_effects import record_effects
from covernance.run.scope import Scope
from covernance.run.unexecuted import explain_unexecuted
from covernance.who import recording


class ThemeResults(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one suite's themes.

    Attributes:
        results: One for each theme, or one for each theme and shard.
        scope: Which part of the suite they cover. A shard may be empty: `collect` checks that every
            test ran.
        problems: Why they do not form a complete suite; each counts as a failure.
        inputs: What they depended on; None if that is unknown.
        inventory: The tracked sources of the suite, before its tests ran.
        where: Where they were downloaded from, if another machine ran them. Their data must not
            name files outside this repository then.
    """

    results: Sequence[ThemeResult]
    scope: Scope = Scope()
    problems: tuple[str, ...] = ()
    inputs: Inputs | None = None
    inventory: tuple[str, ...] = ()
    where: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every test of the suite ran to its end and recorded coverage data."""
        return (
            self.scope.is_whole
            and all(result.is_whole for result in self.results)
            and not outcomes.unmeasured(self.results)
            and not self.problems
        )


class Counted(msgspec.Struct, frozen=True):
    """The counts of a suite's themes, from an agent in the tested environment.

    Attributes:
        reported: The counts, and whether reports were written.
        statements: The statements of the changed sources; None if a source can't be read.
    """

    reported: Reported
    statements: Statements | None = NOTHING


def conclude(
    suite: Suite,
    themes: ThemeResults,
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
        themes: The results of its themes.
        judgement: Its floor and exceptions.
        source: Where the result comes from.
        layout: The paths of results.
        work: An unused folder on the same file system.
        reports: The user's `--cov-report` options.
        agent: Combines, counts and writes the reports.
    """
    if not themes.scope.is_whole:
        targets = publish.plan_partial(suite.name, reports, layout, work)
    elif themes.complete:
        targets = publish.plan_complete(suite.name, reports, layout, work)
    else:
        targets = {}
    task = Report(
        data=tuple(result.folder for result in themes.results),
        target=work / "combined" / ".coverage",
        source=suite.source,
        analyses=layout.analyses,
        where=themes.where,
        themes=_names(themes),
        tests=work / "contexts" / recording.TESTS if themes.complete else None,
        reports=tuple(targets.values()),
        text=_terminal_report(reports),
        inventory=themes.inventory,
    )
    counted = _count(agent, task, suite, themes, judgement, layout)
    snapshot, exit_code = assess(suite, themes, judgement, source, counted)
    junit_report: dict[Path, Path] = {}
    if themes.complete:
        merged = work / "junit.xml"
        merged.parent.mkdir(parents=True, exist_ok=True)
        merged.write_bytes(junit.merge_suite(suite.name, themes.results))
        junit_report = {layout.junit(suite.name): merged}
    published: tuple[Path, ...] = ()
    if snapshot.files and not themes.scope.is_whole:
        published = publish.publish_reports(targets, layout)
    elif snapshot.files and themes.complete:
        published = publish.publish_complete(snapshot, targets, task.target, layout, junit_report)
        published += recording.publish_recording(work / "contexts", suite, snapshot, layout)
    return SuiteResult(
        snapshot=snapshot,
        exit=exit_code,
        partial=themes.scope.reasons,
        selection=themes.scope.selection,
        published=published,
        text=counted.reported.text,
    )


def assess(
    suite: Suite, themes: ThemeResults, judgement: Judgement, source: Provenance, counted: Counted
) -> tuple[Snapshot, Exit]:
    """Return the result of a suite and its exit code, without writing anything.

    Args:
        suite: The suite.
        themes: The results of its themes.
        judgement: Its floor and exceptions.
        source: Where the result comes from.
        counted: Its counts.
    """
    results, unreadable = counted.reported.files, counted.reported.unreadable
    cells = outcomes.cells(themes.results, results)
    measured = Measured(
        cells=cells,
        files=results,
        failures=sorted({*outcomes.failures(themes.results), *themes.problems}),
        unmeasured=(outcomes.unmeasured(themes.results) if results or unreadable else tuple(cells)),
        lost=outcomes.lost(themes.results),
        idle=outcomes.idle(themes.results),
        unexecuted=explain_unexecuted(suite, themes.results, results),
        unreadable=unreadable,
    )
    floor, excused = judgement.floor, judgement.excused
    waived: tuple[Waiver, ...] = ()
    if themes.scope.is_whole:
        assessment = judge_suite(suite, floor, measured, excused)
        waived = find_used_waivers(suite, floor, measured, excused.waived)
    else:
        assessment = _assess_partial(measured, themes.scope.shard)
    snapshot = Snapshot(
        suite=suite.name,
        verdict=assessment.verdict,
        reasons=assessment.reasons,
        waived=waived,
        floor=Floor(str(floor.percent), floor.origin),
        provenance=source,
        total=sum_files(results),
        themes=cells,
        files=results,
        tests=outcomes.tests(themes.results),
        unthemed=outcomes.unthemed(themes.results),
        flaky=outcomes.flaky(themes.results),
        inputs=themes.inputs,
        effects=record_effects(themes.results, counted.reported, judgement.values),
    )
    if judgement.change and counted.statements and themes.scope.is_whole:
        patch = recorded.count_patch(suite, snapshot, judgement.change, counted.statements)
        snapshot = msgspec.structs.replace(snapshot, patch=patch)
    verdict = assessment.verdict
    return snapshot, Exit.PASS if verdict is Verdict.PARTIAL else verdict.exit


def _count(
    agent: Agent,
    report: Report,
    suite: Suite,
    themes: ThemeResults,
    judgement: Judgement,
    layout: Layout,
) -> Counted:
    """Run all of the agent's tasks in one process."""
    tasks: list[tuple[msgspec.Struct, type[Any]]] = [(report, Reported)]
    statements: Statements | None = NOTHING
    if judgement.change and themes.scope.is_whole:
        try:
            task = statements_task(layout.root, suite, None, judgement.change)
        except CovernanceError:
            statements, task = None, None
        if task:
            tasks.append((task, Statements))
    reported, *read_statements = agent.ask_all(tasks)
    return Counted(reported, read_statements[0] if read_statements else statements)


def _names(themes: ThemeResults) -> tuple[str, ...]:
    return tuple(dict.fromkeys(result.theme for result in themes.results))


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
