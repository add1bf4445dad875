"""Measure the metrics baseline by repeating every suite's tests in random order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from covernance import machine
from covernance.config import Suite
from covernance.context import Context
from covernance.engine.processes import Ended, Launch, run_processes
from covernance.engine.record import RECORD
from covernance.engine.slots import Slots
from covernance.errors import InputError
from covernance.files import Workspace, write_atomic
from covernance.git.provenance import describe_run
from covernance.metrics_baseline import repeat
from covernance.metrics_baseline.render import Metrics, markdown, suite_metrics
from covernance.metrics_baseline.repeat import Repetition, Run
from covernance.model import snapshot

NAME = "metrics-baseline"
"""The file name of a baseline of only some suites, next to the reports of partial runs."""

_COMPLETED = {0, 1}
_MOST_OUTPUT_LINES = 20


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure.

    Attributes:
        suites: The suites, in the order of the report.
        seeds: One seed per repetition.
        interpreters: The Python of each suite's environment.
    """

    suites: tuple[Suite, ...]
    seeds: tuple[int, ...]
    interpreters: Mapping[str, Path]


class _Silent:
    """A watcher that ignores everything; repetitions are reported with their outcomes later."""

    def started(self, launch: Launch) -> None:
        """Ignore the start of a repetition."""

    def running(self, launch: Launch) -> None:
        """Ignore progress."""

    def ended(self, ended: Ended) -> None:
        """Ignore the end of a repetition."""

    def note(self, text: str) -> None:
        """Ignore notes; no other run can take a repetition's slot, so none matters."""


def plan(context: Context, request: Request, folder: Path) -> list[Repetition]:
    """Return the repetitions of a request, ordered by suite and then by seed."""
    return [
        repetition
        for suite in request.suites
        for repetition in repeat.plan(
            suite,
            request.seeds,
            folder,
            python=request.interpreters[suite.name],
            environ=context.environ,
        )
    ]


def measure(context: Context, request: Request, progress: Callable[[str], None]) -> Metrics:
    """Run every repetition, one after another, from the repository's root.

    Args:
        context: The context, for paths and provenance.
        request: What to measure.
        progress: Called with one line after each repetition.

    Raises:
        InputError: A suite has no snapshot, or a repetition did not finish.
    """
    layout = context.layout
    snapshots = {suite.name: snapshot.read(layout.snapshot(suite.name)) for suite in request.suites}
    work = Workspace(layout.work)
    runs: dict[str, list[Run]] = {suite.name: [] for suite in request.suites}
    try:
        for repetition in plan(context, request, work.path):
            run = _run(repetition)
            name = repetition.suite
            runs[name].append(run)
            progress(
                f"{name}: repetition {repetition.number} of {len(request.seeds)}, "
                f"seed {run.seed}: {_summary(run)}"
            )
    finally:
        work.close()
    source = describe_run(context)
    return Metrics(
        recorded_at=source.recorded_at,
        commit=source.commit,
        dirty=source.dirty,
        machine=machine.describe_machine(),
        suites={
            name: suite_metrics(snapshots[name], suite_runs) for name, suite_runs in runs.items()
        },
    )


def publish(context: Context, metrics: Metrics) -> tuple[Path, ...]:
    """Write the metrics as JSON and Markdown, and return the paths.

    Metrics of all suites are written to `docs/metrics/baseline.*`. Metrics of only some suites are
    written elsewhere, because they would look complete there.

    Raises:
        MachineError: A file can't be written.
    """
    documents = {"json": metrics.encode(), "md": markdown(metrics).encode()}
    is_complete = metrics.suites.keys() == {suite.name for suite in context.table.suites}
    folder = context.root / "docs" / "metrics"
    paths = {
        kind: folder / f"baseline.{kind}" if is_complete else context.layout.partial(NAME, kind)
        for kind in documents
    }
    for kind, content in documents.items():
        write_atomic(paths[kind], content)
    return tuple(paths.values())


def _run(repetition: Repetition) -> Run:
    slots = Slots(repetition.process.folder.parent / "slots", 1)
    (ended,) = run_processes([repetition.process], slots=slots, watcher=_Silent())
    if ended.status not in _COMPLETED:
        msg = (
            f"{repetition.suite}: repetition {repetition.number} did not finish "
            f"(seed {repetition.seed}, status {ended.status}); nothing was written. "
            f"The end of pytest's output:\n{_read_last_lines(ended)}"
        )
        raise InputError(msg)
    return Run(
        seed=repetition.seed,
        seconds=ended.seconds,
        cases=repeat.read_cases(repetition.process.folder / RECORD),
    )


def _read_last_lines(ended: Ended) -> str:
    output = ended.launch.output.read_text(encoding="utf-8", errors="replace")
    return "\n".join(output.splitlines()[-_MOST_OUTPUT_LINES:])


def _summary(run: Run) -> str:
    tally = ", ".join(f"{number} {outcome}" for outcome, number in sorted(run.tally.items()))
    return f"{tally} in {run.seconds:.1f} s"
