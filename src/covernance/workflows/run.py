"""Run suites: measure every theme, combine, report, judge, publish."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from coverage import Coverage

from covernance import files
from covernance.config import UNTHEMED, Suite, Table
from covernance.errors import Exit, InputError
from covernance.layout import Layout
from covernance.measure import combine
from covernance.measure.arguments import PytestArguments, ReportRequest
from covernance.measure.plan import TEMPORARY, Pass, plan_pass
from covernance.measure.provenance import provenance
from covernance.measure.run import Finished, Observer, run_passes
from covernance.model import slices
from covernance.model.snapshot import Floor, Provenance, Snapshot
from covernance.policy.gate import (
    NO_TESTS,
    TESTS_FAILED,
    AppliedFloor,
    Exceptions,
    Measured,
    Verdict,
    applied_floor,
    judge,
)
from covernance.workflows import assemble, publish
from covernance.workflows.excused import exceptions

PARTIAL = "partial"
"""In place of a verdict: a selection of tests or themes gates nothing."""

_USAGE_ERROR = 4


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to run.

    Attributes:
        suites: The suites, in the order of the report.
        themes: A subset of themes, or None for all.
        fail_under: The option's text, or None.
        arguments: What the user gave for pytest.
        jobs: How many passes run side by side.
        color: Whether pytest's output is shown in color.
        environ: The environment that floors and provenance are read from.
        now: When the run began, with a time zone.
    """

    suites: tuple[Suite, ...]
    themes: tuple[str, ...] | None
    fail_under: str | None
    arguments: PytestArguments
    jobs: int
    color: bool
    environ: Mapping[str, str]
    now: datetime


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one suite.

    Attributes:
        snapshot: The result; its verdict is `partial` for a selection.
        exit: The exit code that this suite alone would give.
        partial: Why this was a selection; empty for a full run.
        published: The reports that were put in place.
        text: coverage.py's terminal report, where it was asked for.
    """

    snapshot: Snapshot
    exit: Exit
    partial: tuple[str, ...]
    published: tuple[Path, ...]
    text: str


def plan(table: Table, request: Request, work: Path, temporary: Path) -> list[Pass]:
    """The passes of a request: one for each theme of each suite.

    Args:
        table: The table.
        request: What to run.
        work: The folder below which each pass has its own.
        temporary: The same for the temporary folders of its tests.

    Raises:
        InputError: A theme is not known, or an option names one file for several passes.
    """
    for theme in request.themes or ():
        if theme not in (*table.themes, UNTHEMED):
            msg = f"--theme: there is no theme {theme!r}; themes: {', '.join(table.themes)}"
            raise InputError(msg)
    planned = [
        _pass(suite, theme, work, temporary, request)
        for suite in request.suites
        for theme in _themes(suite, request)
    ]
    if (option := request.arguments.one_file) and len(planned) > 1:
        msg = f"{option}: {len(planned)} passes would write it; name one suite and one --theme"
        raise InputError(msg)
    if not planned:
        suites = ", ".join(suite.name for suite in request.suites)
        msg = f"--theme: {', '.join(request.themes or ())} is no theme of {suites}; "
        msg += f"themes: {', '.join(table.themes)}"
        raise InputError(msg)
    return planned


def run(table: Table, request: Request, observer: Observer) -> list[SuiteResult]:
    """Run a request from the repository's root, which must be the current folder.

    Raises:
        CovernanceError: Nothing could be measured; earlier results are untouched.
    """
    floors = {
        suite.name: applied_floor(suite, request.fail_under, request.environ)
        for suite in request.suites
    }
    excused = {suite.name: exceptions(table, suite, request.now.date()) for suite in request.suites}
    _refuse_shared_reports(request)
    for suite in request.suites:
        publish.refuse(table, suite, request.arguments.reports)
    combine.check_settings()
    layout = Layout(table.root)
    work = files.Workspace(layout.work)
    temporary = Path(tempfile.mkdtemp(prefix="covernance-"))
    try:
        finished = _measure(plan(table, request, work.path, temporary), request, observer)
        unthemed = [
            _pass(suite, UNTHEMED, work.path, temporary, request)
            for suite in request.suites
            if request.themes is None and _has_unthemed(finished, suite)
        ]
        finished += _measure(unthemed, request, observer)
        source = provenance(table, request.environ, request.now)
        return [
            _conclude(
                suite,
                [result for result in finished if result.planned.suite == suite.name],
                request,
                floors[suite.name],
                excused[suite.name],
                source,
                layout,
                work.path / suite.name,
            )
            for suite in request.suites
            if any(result.planned.suite == suite.name for result in finished)
        ]
    finally:
        work.close()
        shutil.rmtree(temporary, ignore_errors=True)


def _themes(suite: Suite, request: Request) -> tuple[str, ...]:
    if request.themes is None:
        return suite.themes
    return tuple(theme for theme in (*suite.themes, UNTHEMED) if theme in request.themes)


def _pass(suite: Suite, theme: str, work: Path, temporary: Path, request: Request) -> Pass:
    return plan_pass(
        suite,
        theme,
        work / suite.name / theme,
        temporary / f"{suite.name}-{theme}",
        request.arguments,
        python=sys.executable,
        color=request.color,
    )


def _measure(passes: Sequence[Pass], request: Request, observer: Observer) -> list[Finished]:
    for planned in passes:
        Path(planned.environment[TEMPORARY]).mkdir(parents=True)
    finished = run_passes(
        passes,
        jobs=request.jobs,
        observer=observer,
        interactive=request.arguments.interactive,
    )
    for result in finished:
        if result.status == _USAGE_ERROR:
            msg = "pytest could not start; its message is above"
            raise InputError(msg)
    return finished


def _has_unthemed(finished: Sequence[Finished], suite: Suite) -> bool:
    return any(
        result.record and result.record.collected.unthemed
        for result in finished
        if result.planned.suite == suite.name
    )


def _refuse_shared_reports(request: Request) -> None:
    named = [report for report in request.arguments.reports if report.path]
    if named and len(request.suites) > 1:
        suites = ", ".join(suite.name for suite in request.suites)
        msg = (
            f"--cov-report={named[0].format}:{named[0].path}: one path for several suites "
            f"({suites}); name one --suite, or leave the path out"
        )
        raise InputError(msg)


def _conclude(
    suite: Suite,
    finished: Sequence[Finished],
    request: Request,
    floor: AppliedFloor,
    excused: Exceptions,
    source: Provenance,
    layout: Layout,
    work: Path,
) -> SuiteResult:
    """Turn a suite's finished passes into its result, and publish what may be published."""
    data_file = work / "combined" / ".coverage"
    data_file.parent.mkdir()
    has_data = combine.combine([result.planned.folder for result in finished], data_file)
    cov = combine.load(data_file, suite.source) if has_data else None
    results = slices.file_results(cov, [result.planned.theme for result in finished]) if cov else {}
    cells = assemble.cells(finished, results)
    measured = Measured(
        cells=cells,
        files=results,
        failures=sorted(assemble.failures(finished)),
        unmeasured=assemble.unmeasured(finished) if results else tuple(cells),
    )
    partial = _partial(finished, request)
    if measured.failures and partial:
        verdict = Verdict(TESTS_FAILED, tuple(measured.failures))
    elif partial and not any(cell.outcomes.tests for cell in cells.values()):
        verdict = Verdict(NO_TESTS, ("the selection matches no test",))
    elif partial:
        verdict = Verdict(PARTIAL)
    else:
        verdict = judge(suite, floor, measured, excused)
    snapshot = Snapshot(
        suite=suite.name,
        verdict=verdict.name,
        reasons=verdict.reasons,
        floor=Floor(str(floor.percent), floor.origin),
        provenance=source,
        total=slices.total(results),
        themes=cells,
        files=results,
        tests=assemble.tests(finished),
        unthemed=assemble.unthemed(finished),
    )
    published: tuple[Path, ...] = ()
    text = ""
    if cov and results:
        text = _text(cov, request.arguments.reports)
        if partial:
            published = publish.partial(suite.name, cov, request.arguments.reports, layout, work)
        elif not measured.unmeasured and all(map(assemble.is_whole, finished)):
            published = publish.full(
                snapshot, cov, data_file, request.arguments.reports, layout, work
            )
    return SuiteResult(
        snapshot=snapshot,
        exit=Exit.PASS if verdict.name == PARTIAL else verdict.exit,
        partial=partial,
        published=published,
        text=text,
    )


def _partial(finished: Sequence[Finished], request: Request) -> tuple[str, ...]:
    """Why a run covers less than the whole suite; empty when it covers all of it."""
    reasons = list(request.arguments.narrowing)
    if request.themes is not None:
        reasons.insert(0, f"--theme {', '.join(request.themes)}")
    if not reasons:
        reasons += assemble.narrowed(finished)
    deselected = assemble.deselected(finished)
    if deselected and not reasons:
        reasons.append(f"{deselected} tests deselected by pytest's options or plugins")
    return tuple(reasons)


def _text(cov: Coverage, asked: Sequence[ReportRequest]) -> str:
    kinds = [request.format for request in asked if request.format.startswith("term")]
    return combine.text_report(cov, show_missing="term-missing" in kinds) if kinds else ""
