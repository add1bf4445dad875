"""Run the themes of suites under coverage, and conclude each suite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.environment import Prepared
from covernance.config import UNTHEMED, Suite
from covernance.context import Context
from covernance.engine.engine import Measurement, Observer, TraceVariables
from covernance.engine.registry import choose_engine
from covernance.engine.theme_result import ThemeResult
from covernance.errors import ConfigError, InputError
from covernance.git.listing import list_python_files
from covernance.judgement import Judgement
from covernance.layout import Layout
from covernance.model.snapshot import Provenance
from covernance.model.suite_result import SuiteResult
from covernance.patch import recorded
from covernance.reuse.workflow import Reuse
from covernance.run import junit, part, publish
from covernance.run.conclude import ThemeResults, conclude
from covernance.run.failures import Failures, find_failures, name_suite
from covernance.run.measured_checkout import MeasuredCheckout
from covernance.run.preparing import list_unused_floors, prepare_each
from covernance.run.request import Request
from covernance.run.scope import find_scope


def list_commands(
    context: Context,
    request: Request,
    work: Path,
    temporary: Path,
    prepared: Mapping[str, Prepared],
) -> list[tuple[str, ...]]:
    """List the commands that a request would start; see `plan`."""
    return choose_engine().list_commands(plan(context, request, work, temporary, prepared))


def plan(
    context: Context,
    request: Request,
    work: Path,
    temporary: Path,
    prepared: Mapping[str, Prepared],
    trace_variables: TraceVariables | None = None,
) -> Measurement:
    """Plan what the engine measures.

    Args:
        context: The context.
        request: What to run.
        work: The folder for the engine's files.
        temporary: The parent of the temporary folders of tests.
        prepared: The environment of each suite.
        trace_variables: Makes the engine trace what tests read; None to trace nothing.

    Raises:
        InputError: A theme is unknown.
    """
    for theme in request.themes or ():
        if theme not in (*context.table.themes, UNTHEMED):
            msg = f"--theme: no such theme: {theme!r}; themes: {', '.join(context.table.themes)}"
            raise InputError(msg)
    themes = {suite.name: _themes(suite, request) for suite in request.suites}
    if not any(themes.values()):
        suites = ", ".join(suite.name for suite in request.suites)
        msg = f"--theme: {suites} has no theme {', '.join(request.themes or ())}; "
        msg += f"themes: {', '.join(context.table.themes)}"
        raise InputError(msg)
    return Measurement(
        suites=request.suites,
        themes=themes,
        with_unthemed=request.themes is None,
        arguments=request.arguments,
        jobs=request.jobs,
        color=request.color,
        contexts=request.contexts,
        shard=request.shard,
        durations=request.durations,
        environ=context.environ,
        prepared=prepared,
        layout=context.layout,
        work=work,
        temporary=temporary,
        trace_variables=trace_variables,
    )


class Measured(NamedTuple):
    """The results of the suites that were measured, and why others could not be."""

    results: list[SuiteResult]
    failures: Failures


def measure(
    context: Context,
    request: Request,
    judgements: Mapping[str, Judgement],
    reuse: Reuse | None,
    agents: Mapping[str, Agent],
    observer: Observer,
) -> Measured:
    """Measure the suites of a request. A suite that can't be measured does not stop the others.

    Args:
        context: The context.
        request: What to run.
        judgements: The floor and exceptions of each suite.
        reuse: Records what the suites depend on; None to record nothing.
        agents: The agent of each suite.
        observer: Receives the progress of the run.

    Raises:
        CovernanceError: The request or the machine lets no suite be measured; earlier results are
            untouched.
    """
    _reject_shared_reports(request)
    for suite in request.suites:
        publish.reject_conflicts(context, suite, request.arguments.reports)
    layout = context.layout
    checkout = MeasuredCheckout(context, request.suites)  # before a test can change it
    listed = list_python_files(context.root, [suite.source for suite in request.suites])
    inventories = dict(zip((suite.name for suite in request.suites), listed, strict=True))
    work = files.Workspace(layout.work)
    temporary = Path(tempfile.mkdtemp(prefix="covernance-"))
    try:
        prepared, failures = prepare_each(request.suites, agents, settings_folder(work.path))
        if not prepared:
            return Measured([], failures)
        suites = tuple(suite for suite in request.suites if suite.name in prepared)
        request = msgspec.structs.replace(request, suites=suites)
        notes = [note for ready in prepared.values() for note in ready.notes]
        for note in dict.fromkeys([*notes, *list_unused_floors(prepared, judgements)]):
            observer.note(note)
        trace = _start_tracing(reuse, request, prepared, (layout.work, temporary))
        measurement = plan(context, request, work.path, temporary, prepared, trace)
        results = choose_engine().run(measurement, observer)
        failures |= find_failures(request.suites, results)
        whole = [result for result in results if result.suite not in failures]
        _finish_passes(whole, context, observer)
        checkout.end(observer.note)
        change = recorded.find_change(context)
        suite_results = []
        for suite in request.suites:
            suite_themes = _select_suite(suite, whole)
            if not suite_themes:
                continue
            traced = reuse.gather(suite, suite_themes) if reuse else None
            themes = ThemeResults(
                results=suite_themes,
                scope=find_scope(request, suite_themes),
                inputs=reuse.inputs(suite, traced) if reuse and traced else None,
                inventory=inventories[suite.name],
            )
            today = msgspec.structs.replace(judgements[suite.name], change=change)
            source = checkout.describe(suite, prepared[suite.name].environment, themes.inputs)
            folder = work.path / f"{suite.name}.result"
            reports = request.arguments.reports
            agent = agents[suite.name]
            try:
                result = conclude(suite, themes, today, source, layout, folder, reports, agent)
            except (ConfigError, InputError) as error:
                failures[suite.name] = name_suite(suite.name, error)
                continue
            suite_results.append(result)
            if not request.shard.whole:
                _publish_part(suite, themes, request, source, layout, folder)
            if reuse and traced:
                reuse.store(suite, agent.python, result, traced)
        return Measured(suite_results, failures)
    finally:
        work.close()
        shutil.rmtree(temporary, ignore_errors=True)


def _start_tracing(
    reuse: Reuse | None,
    request: Request,
    prepared: Mapping[str, Prepared],
    run_folders: tuple[Path, ...],
) -> TraceVariables | None:
    """Record the state of the suites, and return what traces their tests; None without `reuse`."""
    if reuse is None:
        return None
    if request.shard.whole:
        reuse.forget(request.suites)
    reuse.prepare(request.suites, {name: ready.environment for name, ready in prepared.items()})
    return partial(reuse.trace_variables, run_folders)


def _finish_passes(results: Sequence[ThemeResult], context: Context, observer: Observer) -> None:
    """Show what the passes changed, and write the files for which pytest's options ask.

    Raises:
        InputError: A file can't be merged.
    """
    notes = [note for result in results if result.record for note in result.record.notes]
    for note in dict.fromkeys(notes):
        observer.note(note)
    for path in junit.write_requested(results, context.root):
        observer.note(f"wrote {path}")


def settings_folder(work: Path) -> Path:
    """The parent of the folders, one per suite, of generated coverage.py settings."""
    return work / "settings"


def _select_suite(suite: Suite, results: Sequence[ThemeResult]) -> list[ThemeResult]:
    """A suite's results in the order of its themes."""
    order = (*suite.themes, UNTHEMED)
    own = [result for result in results if result.suite == suite.name]
    return sorted(own, key=lambda result: order.index(result.theme))


def _themes(suite: Suite, request: Request) -> tuple[str, ...]:
    if request.themes is None:
        return suite.themes
    return tuple(theme for theme in (*suite.themes, UNTHEMED) if theme in request.themes)


def _publish_part(
    suite: Suite,
    themes: ThemeResults,
    request: Request,
    source: Provenance,
    layout: Layout,
    work: Path,
) -> None:
    measured = part.Part(
        suite=suite.name,
        shard=request.shard,
        commit=source.commit,
        dirty=source.dirty,
        contents=source.contents,
        config=source.config,
        python=source.python,
        platform=source.platform,
        tools=source.tools,
        partial=themes.scope.selection,
        themes={
            result.theme: part.ThemeEnd(status=result.status, seconds=result.seconds)
            for result in themes.results
        },
        inputs=themes.inputs,
    )
    part.publish(measured, themes.results, layout, work)


def _reject_shared_reports(request: Request) -> None:
    reports = [report for report in request.arguments.reports if report.path]
    if reports and len(request.suites) > 1:
        suites = ", ".join(suite.name for suite in request.suites)
        msg = (
            f"--cov-report={reports[0].format}:{reports[0].path}: one path for several suites "
            f"({suites}); name one --suite, or leave the path out"
        )
        raise InputError(msg)
