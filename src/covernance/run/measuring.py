"""Run the passes of suites under coverage, and conclude each suite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.environment import Prepared
from covernance.config import UNTHEMED, Suite, Table
from covernance.context import Context
from covernance.engine import shard
from covernance.engine.passes import TEMPORARY, Pass, plan_pass
from covernance.engine.processes import Finished, Observer, run_passes
from covernance.engine.schedule import Key, read_pass_seconds, sort_longest_first, sum_test_seconds
from covernance.engine.slots import Slots
from covernance.engine.workers import assign_workers
from covernance.errors import InputError
from covernance.git.provenance import add_environment, describe_run
from covernance.judgement import Judgement
from covernance.layout import Layout
from covernance.machine import choose_parallelism, count_cpus
from covernance.model.snapshot import Provenance
from covernance.model.suite_result import SuiteResult
from covernance.patch import recorded
from covernance.reuse.workflow import Reuse
from covernance.run import part, publish
from covernance.run.conclude import Passes, conclude
from covernance.run.preparing import prepare
from covernance.run.request import Request
from covernance.run.scope import find_scope

_USAGE_ERROR = 4


def plan(
    table: Table,
    request: Request,
    work: Path,
    temporary: Path,
    prepared: Mapping[str, Prepared],
) -> list[Pass]:
    """Plan the passes of a request: one per suite and theme.

    Args:
        table: The table.
        request: What to run.
        work: The parent of the folders of the passes.
        temporary: The parent of the temporary folders of their tests.
        prepared: The environment of each suite.

    Raises:
        InputError: A theme is unknown, or an option names one file for several passes.
    """
    for theme in request.themes or ():
        if theme not in (*table.themes, UNTHEMED):
            msg = f"--theme: no such theme: {theme!r}; themes: {', '.join(table.themes)}"
            raise InputError(msg)
    worker_counts = _workers(table, request, prepared)
    planned = [
        _pass(
            suite,
            theme,
            work,
            temporary,
            request,
            prepared[suite.name],
            worker_counts.get((suite.name, theme), 1),
        )
        for suite in request.suites
        for theme in _themes(suite, request)
    ]
    if (option := request.arguments.meaning.one_file) and len(planned) > 1:
        msg = f"{option}: {len(planned)} passes would write it; name one suite and one --theme"
        raise InputError(msg)
    if not planned:
        suites = ", ".join(suite.name for suite in request.suites)
        msg = f"--theme: {suites} has no theme {', '.join(request.themes or ())}; "
        msg += f"themes: {', '.join(table.themes)}"
        raise InputError(msg)
    return planned


def measure(
    table: Table,
    request: Request,
    judgements: Mapping[str, Judgement],
    reuse: Reuse | None,
    agents: Mapping[str, Agent],
    observer: Observer,
) -> list[SuiteResult]:
    """Measure the suites of a request.

    Args:
        table: The table.
        request: What to run.
        judgements: The floor and exceptions of each suite.
        reuse: Records what the suites depend on; None to record nothing.
        agents: The agent of each suite.
        observer: Receives the progress of the passes.

    Raises:
        CovernanceError: Nothing could be measured; earlier results are untouched.
    """
    _reject_shared_reports(request)
    for suite in request.suites:
        publish.reject_conflicts(table, suite, request.arguments.reports)
    layout = Layout(table.root)
    work = files.Workspace(layout.work)
    temporary = Path(tempfile.mkdtemp(prefix="covernance-"))
    try:
        for suite in () if request.shard.whole else request.suites:
            seconds = request.durations.get(suite.name, {})
            shard.write_durations(_durations(work.path, suite), seconds)
        prepared = prepare(request.suites, agents, settings_folder(work.path))
        for note in dict.fromkeys(note for ready in prepared.values() for note in ready.notes):
            observer.note(note)
        if reuse:
            environments = {name: ready.environment for name, ready in prepared.items()}
            if request.shard.whole:
                reuse.forget(request.suites)
            reuse.prepare(request.suites, environments)
        run_folders = (layout.work, temporary)
        planned = plan(table, request, work.path, temporary, prepared)
        slots = Slots(layout.work / "slots", request.jobs or choose_parallelism(len(planned)))
        planned = sort_longest_first(planned, read_pass_seconds(request.suites, layout))
        finished = _run(_with_tracing(planned, reuse, run_folders), slots, request, observer)
        unthemed = [
            _pass(suite, UNTHEMED, work.path, temporary, request, prepared[suite.name])
            for suite in request.suites
            if request.themes is None and _has_unthemed(finished, suite)
        ]
        finished += _run(_with_tracing(unthemed, reuse, run_folders), slots, request, observer)
        context = Context(table, request.environ, request.now)
        checkout = describe_run(context)
        change = recorded.find_change(context)
        results = []
        for suite in request.suites:
            suite_passes = _passes_of(suite, finished)
            if not suite_passes:
                continue
            traced = reuse.gather(suite, suite_passes) if reuse else None
            passes = Passes(
                finished=suite_passes,
                scope=find_scope(request, suite_passes),
                inputs=reuse.inputs(suite, traced) if reuse and traced else None,
            )
            today = msgspec.structs.replace(judgements[suite.name], change=change)
            source = add_environment(checkout, prepared[suite.name].environment)
            folder = work.path / f"{suite.name}.result"
            reports = request.arguments.reports
            agent = agents[suite.name]
            results.append(conclude(suite, passes, today, source, layout, folder, reports, agent))
            if not request.shard.whole:
                _publish_part(suite, passes, request, source, layout, folder)
            if reuse and traced:
                reuse.store(suite, agents[suite.name].python, results[-1], traced)
        return results
    finally:
        work.close()
        shutil.rmtree(temporary, ignore_errors=True)


def settings_folder(work: Path) -> Path:
    """The parent of the folders, one per suite, of generated coverage.py settings."""
    return work / "settings"


def _passes_of(suite: Suite, finished: Sequence[Finished]) -> list[Finished]:
    """A suite's passes in the order of its themes."""
    order = (*suite.themes, UNTHEMED)
    passes = [result for result in finished if result.planned.suite == suite.name]
    return sorted(passes, key=lambda result: order.index(result.planned.theme))


def _themes(suite: Suite, request: Request) -> tuple[str, ...]:
    if request.themes is None:
        return suite.themes
    return tuple(theme for theme in (*suite.themes, UNTHEMED) if theme in request.themes)


def _workers(table: Table, request: Request, prepared: Mapping[str, Prepared]) -> dict[Key, int]:
    """The number of workers of each long pass; empty if the user sets it."""
    given = request.arguments
    parallel_suites = [suite for suite in request.suites if suite.xdist]
    if not parallel_suites or given.meaning.spreads or given.meaning.interactive:
        return {}
    passes = [(suite.name, theme) for suite in request.suites for theme in _themes(suite, request)]
    capable = [name for name, ready in prepared.items() if "xdist" in ready.plugins]
    durations = sum_test_seconds(parallel_suites, Layout(table.root))
    return assign_workers(passes, durations, request.jobs or count_cpus(), capable)


def _pass(
    suite: Suite,
    theme: str,
    work: Path,
    temporary: Path,
    request: Request,
    prepared: Prepared,
    workers: int = 1,
) -> Pass:
    planned = plan_pass(
        suite,
        theme,
        work / suite.name / theme,
        temporary / f"{suite.name}-{theme}",
        request.arguments,
        more=(
            *(["--covernance-contexts=test"] if request.contexts == "test" else []),
            *shard.split_options(request.shard, _durations(work, suite), prepared.plugins),
            *([f"--numprocesses={workers}"] if workers > 1 else []),
        ),
        prepared=prepared,
        environ=request.environ,
        color=request.color,
    )
    return msgspec.structs.replace(planned, workers=workers)


def _with_tracing(
    passes: Sequence[Pass], reuse: Reuse | None, run_folders: Sequence[Path]
) -> Sequence[Pass]:
    return [reuse.traced(planned, run_folders) for planned in passes] if reuse else passes


def _run(
    passes: Sequence[Pass], slots: Slots, request: Request, observer: Observer
) -> list[Finished]:
    for planned in passes:
        Path(planned.environment[TEMPORARY]).mkdir(parents=True)
    finished = run_passes(
        passes,
        slots=slots,
        observer=observer,
        interactive=request.arguments.meaning.interactive,
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


def _publish_part(
    suite: Suite,
    passes: Passes,
    request: Request,
    source: Provenance,
    layout: Layout,
    work: Path,
) -> None:
    measured = part.Part(
        suite=suite.name,
        shard=request.shard,
        commit=source.commit,
        config=source.config,
        python=source.python,
        platform=source.platform,
        tools=source.tools,
        partial=passes.scope.selection,
        passes={
            result.planned.theme: part.PassEnd(status=result.status, seconds=result.seconds)
            for result in passes.finished
        },
        inputs=passes.inputs,
    )
    part.publish(measured, passes.finished, layout, work)


def _durations(work: Path, suite: Suite) -> Path:
    return work / f"{suite.name}-durations.json"


def _reject_shared_reports(request: Request) -> None:
    reports = [report for report in request.arguments.reports if report.path]
    if reports and len(request.suites) > 1:
        suites = ", ".join(suite.name for suite in request.suites)
        msg = (
            f"--cov-report={reports[0].format}:{reports[0].path}: one path for several suites "
            f"({suites}); name one --suite, or leave the path out"
        )
        raise InputError(msg)
