"""Measure the metrics baseline: every suite's tests again and again, in random order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from covernance import machine
from covernance.config import Suite, Table
from covernance.engine.passes import Pass
from covernance.engine.processes import Finished, run_passes
from covernance.engine.slots import Slots
from covernance.errors import InputError
from covernance.files import Workspace, write_atomic
from covernance.git.provenance import describe_run
from covernance.layout import Layout
from covernance.metrics_baseline import repeat
from covernance.metrics_baseline.render import Metrics, markdown, suite_metrics
from covernance.metrics_baseline.repeat import Repetition, Run
from covernance.model import snapshot

NAME = "metrics-baseline"
"""The name of a baseline of some suites, beside the partial reports of runs."""

_RAN_TO_THE_END = {0, 1}
_MOST_OUTPUT_LINES = 20


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure.

    Attributes:
        suites: The suites, in the order of the report.
        seeds: One for each repetition.
        interpreters: The Python of each suite's environment.
        environ: The environment that provenance is read from.
        now: When it began, with a time zone.
    """

    suites: tuple[Suite, ...]
    seeds: tuple[int, ...]
    interpreters: Mapping[str, Path]
    environ: Mapping[str, str]
    now: datetime


class _Silent:
    """Says nothing: a repetition is reported with its outcomes, once they are read."""

    def started(self, planned: Pass) -> None:
        """A repetition began."""

    def running(self, planned: Pass) -> None:
        """Say nothing."""

    def finished(self, result: Finished) -> None:
        """A repetition ended."""

    def told(self, text: str) -> None:
        """Say nothing: nothing else takes the slot of a repetition."""


def plan(request: Request, folder: Path) -> list[Repetition]:
    """The repetitions of a request: suite by suite, a seed at a time."""
    return [
        repetition
        for suite in request.suites
        for repetition in repeat.plan(
            suite, request.seeds, folder, python=request.interpreters[suite.name]
        )
    ]


def measure(table: Table, request: Request, progress: Callable[[str], None]) -> Metrics:
    """Run every repetition, one after another, from the repository's root.

    Args:
        table: The table.
        request: What to measure.
        progress: Told of each repetition when it ended.

    Raises:
        InputError: A suite has no snapshot, or a repetition did not run to the end.
    """
    layout = Layout(table.root)
    snapshots = {suite.name: snapshot.read(layout.snapshot(suite.name)) for suite in request.suites}
    work = Workspace(layout.work)
    runs: dict[str, list[Run]] = {suite.name: [] for suite in request.suites}
    try:
        for repetition in plan(request, work.path):
            run = _run(repetition)
            name = repetition.process.suite
            runs[name].append(run)
            progress(
                f"{name}: {repetition.process.theme} of {len(request.seeds)}, "
                f"seed {run.seed}: {_summary(run)}"
            )
    finally:
        work.close()
    source = describe_run(table, request.environ, request.now)
    return Metrics(
        recorded_at=source.recorded_at,
        commit=source.commit,
        dirty=source.dirty,
        machine=machine.describe_machine(),
        suites={name: suite_metrics(snapshots[name], done) for name, done in runs.items()},
    )


def publish(table: Table, metrics: Metrics) -> tuple[Path, ...]:
    """Write the metrics as JSON and Markdown, and return the paths.

    Those of every suite go to `docs/metrics/baseline.*`; those of some suites stand aside, since
    less than all would read as all.

    Raises:
        MachineError: A file can't be written.
    """
    layout = Layout(table.root)
    documents = {"json": metrics.encode(), "md": markdown(metrics).encode()}
    whole = metrics.suites.keys() == {suite.name for suite in table.suites}
    folder = table.root / "docs" / "metrics"
    paths = {
        kind: folder / f"baseline.{kind}" if whole else layout.partial(NAME, kind)
        for kind in documents
    }
    for kind, content in documents.items():
        write_atomic(paths[kind], content)
    return tuple(paths.values())


def _run(repetition: Repetition) -> Run:
    alone = Slots(repetition.process.folder.parent / "slots", 1)
    (finished,) = run_passes([repetition.process], slots=alone, observer=_Silent())
    if finished.status not in _RAN_TO_THE_END:
        msg = (
            f"{repetition.process.suite}: {repetition.process.theme} did not run to the end "
            f"(seed {repetition.seed}, status {finished.status}); nothing is written. "
            f"pytest's last words:\n{_last_words(finished)}"
        )
        raise InputError(msg)
    return Run(
        seed=repetition.seed,
        seconds=finished.seconds,
        cases=repeat.read_cases(repetition.process.record),
    )


def _last_words(finished: Finished) -> str:
    output = finished.planned.output.read_text(encoding="utf-8", errors="replace")
    return "\n".join(output.splitlines()[-_MOST_OUTPUT_LINES:])


def _summary(run: Run) -> str:
    tally = ", ".join(f"{number} {outcome}" for outcome, number in sorted(run.tally.items()))
    return f"{tally} in {run.seconds:.1f} s"
