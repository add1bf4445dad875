"""Turn the finished passes of a suite into its result, and publish what may be published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance.config import Suite
from covernance.engine.arguments import ReportRequest
from covernance.engine.processes import Finished
from covernance.engine.shard import Shard
from covernance.errors import Exit, InputError
from covernance.gate.floors import Measured, judge
from covernance.git.changes import WorkTree
from covernance.judgement import Judgement
from covernance.layout import Layout
from covernance.model.inputs import Inputs
from covernance.model.snapshot import FileResult, Floor, Provenance, Snapshot
from covernance.model.suite_result import SuiteResult
from covernance.model.totals import total
from covernance.model.verdict import NO_DATA, NO_TESTS, TESTS_FAILED, Verdict
from covernance.patch import recorded
from covernance.run import outcomes, publish
from covernance.who import recording
from covernance_agent import combining, contexts, counting
from covernance_agent.reporting import Reporting

PARTIAL = "partial"
"""In place of a verdict: a selection of tests or themes gates nothing."""


class Passes(msgspec.Struct, frozen=True, kw_only=True):
    """The passes of one suite.

    Attributes:
        finished: One for each theme, or one for each theme and shard.
        partial: Why they are a selection; empty for the whole suite.
        shard: Which part of the suite they are. One that drew no test is no mistake: `collect` sees
            whether every test ran.
        problems: Why they do not make up the suite though they should; a failure each.
        inputs: What they depended on; None if that is unknown.
    """

    finished: Sequence[Finished]
    partial: tuple[str, ...] = ()
    shard: Shard = Shard()
    problems: tuple[str, ...] = ()
    inputs: Inputs | None = None


def conclude(
    suite: Suite,
    passes: Passes,
    judgement: Judgement,
    source: Provenance,
    layout: Layout,
    work: Path,
    reports: Sequence[ReportRequest],
) -> SuiteResult:
    """Combine, judge and publish.

    Args:
        suite: The suite.
        passes: What was run of it.
        judgement: What it is judged by.
        source: Where the result comes from.
        layout: Where results lie.
        work: A folder on the same file system that nothing else uses.
        reports: The user's `--cov-report` options.
    """
    data_file = work / "combined" / ".coverage"
    data_file.parent.mkdir(parents=True)
    has_data = combining.combine([result.planned.folder for result in passes.finished], data_file)
    by_test = work / "contexts" / recording.DATA
    cov = _loaded(data_file, by_test, layout.analyses) if has_data else None
    themes = dict.fromkeys(result.planned.theme for result in passes.finished)
    results: dict[str, FileResult] = {}
    unreadable = ""
    try:
        results = counting.file_results(cov, list(themes)) if cov else {}
    except InputError as error:
        unreadable = str(error)
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
    verdict = (
        _of_partial(measured, passes.shard)
        if passes.partial
        else judge(suite, judgement.floor, measured, judgement.excused)
    )
    snapshot = Snapshot(
        suite=suite.name,
        verdict=verdict.name,
        reasons=verdict.reasons,
        floor=Floor(str(judgement.floor.percent), judgement.floor.origin),
        provenance=source,
        total=total(results),
        themes=cells,
        files=results,
        tests=outcomes.tests(passes.finished),
        unthemed=outcomes.unthemed(passes.finished),
        flaky=outcomes.flaky(passes.finished),
        inputs=passes.inputs,
    )
    if judgement.change and not passes.partial:
        counted = recorded.patch(WorkTree(layout.root), suite, snapshot, judgement.change)
        snapshot = msgspec.structs.replace(snapshot, patch=counted)
    published: tuple[Path, ...] = ()
    text = ""
    if cov and results:
        text = _text(cov, reports)
        if passes.partial:
            published = publish.partial(suite.name, cov, reports, layout, work)
        elif _is_whole(passes, measured):
            published = publish.full(snapshot, cov, data_file, reports, layout, work)
            published += recording.keep(by_test.parent, suite, snapshot, layout)
    return SuiteResult(
        snapshot=snapshot,
        exit=Exit.PASS if verdict.name == PARTIAL else verdict.exit,
        partial=passes.partial,
        published=published,
        text=text,
    )


def _of_partial(measured: Measured, shard: Shard) -> Verdict:
    """The verdict of a selection, which has no floor: what failed, or nothing."""
    if measured.failures:
        return Verdict(TESTS_FAILED, tuple(measured.failures))
    if measured.unreadable:
        return Verdict(NO_DATA, (measured.unreadable,))
    if shard.whole and not any(cell.outcomes.tests for cell in measured.cells.values()):
        return Verdict(NO_TESTS, ("the selection matches no test",))
    return Verdict(PARTIAL)


def _loaded(data_file: Path, by_test: Path, analyses: Path) -> Reporting:
    contexts.take_tests(data_file, by_test)
    return combining.load(data_file, analyses)


def _is_whole(passes: Passes, measured: Measured) -> bool:
    complete = all(map(outcomes.is_whole, passes.finished))
    return complete and not measured.unmeasured and not passes.problems


def _text(cov: Reporting, asked: Sequence[ReportRequest]) -> str:
    kinds = [request.format for request in asked if request.format.startswith("term")]
    return combining.text_report(cov, show_missing="term-missing" in kinds) if kinds else ""
