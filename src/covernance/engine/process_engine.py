"""The engine that measures every theme in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from covernance.config import UNTHEMED, Suite
from covernance.engine import shard
from covernance.engine.engine import Measurement, Observer
from covernance.engine.passes import TEMPORARY, Pass, durations_file, plan_pass
from covernance.engine.processes import Ended, Launch, Watcher, run_processes
from covernance.engine.record import RECORD, progress_path, read_progress, read_record
from covernance.engine.schedule import (
    Key,
    read_theme_seconds,
    sort_longest_first,
    sum_test_seconds,
)
from covernance.engine.slots import Slots
from covernance.engine.theme_result import ThemeResult
from covernance.engine.workers import assign_workers
from covernance.machine import choose_parallelism, count_cpus


class RunProcesses(Protocol):
    """The function that runs processes; see `run_processes`."""

    def __call__(  # noqa: D102 - see the class
        self, launches: Sequence[Launch], *, slots: Slots, watcher: Watcher, interactive: bool
    ) -> list[Ended]: ...


class ProcessEngine:
    """Measures each theme with `coverage run --context=<theme> -m pytest`, several at once."""

    def __init__(self, start: RunProcesses = run_processes) -> None:
        """Run the processes with `start`."""
        self._start = start

    def list_commands(self, measurement: Measurement) -> list[tuple[str, ...]]:
        """The commands of all themes, in the order of the report."""
        return [planned.launch.command for planned in _plan(measurement)]

    def run(self, measurement: Measurement, observer: Observer) -> list[ThemeResult]:
        """Run all themes, the longest first, then the tests without a theme."""
        if not measurement.shard.whole:
            for suite in measurement.suites:
                seconds = measurement.durations.get(suite.name, {})
                shard.write_durations(durations_file(measurement.work, suite), seconds)
        passes = {(planned.suite, planned.theme): planned for planned in _plan(measurement)}
        slots = Slots(
            measurement.layout.work / "slots", measurement.jobs or choose_parallelism(len(passes))
        )
        order = sort_longest_first(
            passes, read_theme_seconds(measurement.suites, measurement.layout)
        )
        results = self._run([passes[key] for key in order], measurement, slots, observer)
        if measurement.with_unthemed:
            ended = {
                result.suite
                for result in results
                if result.was_rejected or result.has_unknown_markers
            }
            unthemed = [
                plan_pass(suite, UNTHEMED, measurement)
                for suite in measurement.suites
                if suite.name not in ended and _has_unthemed(results, suite)
            ]
            results += self._run(unthemed, measurement, slots, observer)
        return results

    def _run(
        self, passes: Sequence[Pass], measurement: Measurement, slots: Slots, observer: Observer
    ) -> list[ThemeResult]:
        for planned in passes:
            Path(planned.launch.environment[TEMPORARY]).mkdir(parents=True)
        reporter = _Reporter(passes, observer)
        self._start(
            [planned.launch for planned in passes],
            slots=slots,
            watcher=reporter,
            interactive=measurement.arguments.meaning.interactive,
        )
        return reporter.results


class _Reporter:
    """Reports the progress of processes as that of suites and themes, and collects the results."""

    def __init__(self, passes: Sequence[Pass], observer: Observer) -> None:
        self.results: list[ThemeResult] = []
        self._passes = {planned.launch.name: planned for planned in passes}
        self._observer = observer

    def started(self, launch: Launch) -> None:
        planned = self._passes[launch.name]
        self._observer.started(planned.suite, planned.theme)

    def running(self, launch: Launch) -> None:
        planned = self._passes[launch.name]
        progress = read_progress(progress_path(launch.folder / RECORD))
        self._observer.running(planned.suite, planned.theme, progress)

    def ended(self, ended: Ended) -> None:
        planned = self._passes[ended.launch.name]
        result = ThemeResult(
            suite=planned.suite,
            theme=planned.theme,
            status=ended.status,
            seconds=ended.seconds,
            record=read_record(ended.launch.folder / RECORD),
            folder=ended.launch.folder,
            trace=planned.trace,
        )
        self.results.append(result)
        self._observer.finished(result)

    def note(self, text: str) -> None:
        self._observer.note(text)


def _plan(measurement: Measurement) -> list[Pass]:
    """One pass per suite and theme."""
    worker_counts = _count_workers(measurement)
    return [
        plan_pass(suite, theme, measurement, worker_counts.get((suite.name, theme), 1))
        for suite in measurement.suites
        for theme in measurement.themes[suite.name]
    ]


def _count_workers(measurement: Measurement) -> dict[Key, int]:
    """The number of workers of each long theme; empty if the user sets it."""
    meaning = measurement.arguments.meaning
    parallel_suites = [suite for suite in measurement.suites if suite.xdist]
    if not parallel_suites or meaning.spreads or meaning.interactive:
        return {}
    themes = [
        (suite.name, theme)
        for suite in measurement.suites
        for theme in measurement.themes[suite.name]
    ]
    capable = [name for name, ready in measurement.prepared.items() if "xdist" in ready.plugins]
    durations = sum_test_seconds(parallel_suites, measurement.layout)
    return assign_workers(themes, durations, measurement.jobs or count_cpus(), capable)


def _has_unthemed(results: Sequence[ThemeResult], suite: Suite) -> bool:
    return any(
        result.record and result.record.collected.unthemed
        for result in results
        if result.suite == suite.name
    )
