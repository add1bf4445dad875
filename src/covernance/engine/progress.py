"""Show the progress of passes: live on a terminal, otherwise one line per finished pass."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from covernance.engine.passes import Pass
from covernance.engine.processes import Finished
from covernance.engine.record import read_progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_USAGE_ERROR = 4
_NO_TESTS = 5
_USAGE = "pytest's usage message"


class Lines:
    """One line per finished pass, and pytest's output if it shows a new failure.

    The complete output of a pass is shown after it has ended, if it contains a failure that no
    earlier pass has shown: a failing test with two themes appears once.
    """

    def __init__(self, write: Callable[[str], None], *, verbose: bool) -> None:
        """Write through `write`; with `verbose`, show the output of every pass."""
        self._write = write
        self._verbose = verbose
        self._shown: set[str] = set()

    def started(self, planned: Pass) -> None:
        """Print nothing: the line is printed when the pass ends."""

    def running(self, planned: Pass) -> None:
        """Print nothing: the line is printed when the pass ends."""

    def finished(self, result: Finished) -> None:
        """Write the pass's line, after its output if that is to be shown."""
        failures = result.record.failures if result.record else frozenset()
        line = f"{result.planned.suite} · {result.planned.theme}: {_summary(result)}"
        if self._shows_output(result, failures):
            self._write(_output(result))
        elif failures or _broke_off(result):
            line += ", shown above"
        self._shown |= failures
        self._write(line)

    def note(self, text: str) -> None:
        """Write it as a line."""
        self._write(text)

    def _shows_output(self, result: Finished, failures: frozenset[str]) -> bool:
        """Whether to show the output of this pass: for new failures, or with `verbose`."""
        if result.status == _USAGE_ERROR:
            # Every pass reports the same bad argument.
            new = _USAGE not in self._shown
            self._shown.add(_USAGE)
            return new
        if failures - self._shown or (_broke_off(result) and not failures):
            return True
        return self._verbose and result.status != _NO_TESTS


class Live(Lines):
    """A live display on a terminal: finished and collected tests, time and time left per pass."""

    def __init__(self, *, verbose: bool, expected: Mapping[tuple[str, str], float]) -> None:
        """Prepare the display, which is active in the `with` block.

        Args:
            verbose: Whether the output of every pass is shown.
            expected: The seconds that each pass took in the last full run, by suite and theme.
        """
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - a slow import, needed on a terminal only

        self._expected = expected
        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[tests]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        super().__init__(
            lambda text: self._progress.console.out(text, highlight=False), verbose=verbose
        )

    def __enter__(self) -> Self:
        """Start the display."""
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the display."""
        self._progress.stop()

    def refresh(self) -> None:
        """Redraw now; otherwise this happens ten times per second."""
        self._progress.refresh()

    def started(self, planned: Pass) -> None:
        """Show the pass as running."""
        key = (planned.suite, planned.theme)
        self._tasks[key] = self._progress.add_task(
            " · ".join(key), total=None, tests="collecting", left=""
        )

    def running(self, planned: Pass) -> None:
        """Show the progress of the pass."""
        key = (planned.suite, planned.theme)
        task = self._progress.tasks[self._progress.task_ids.index(self._tasks[key])]
        if progress := read_progress(planned.progress):
            self._progress.update(task.id, tests=f"{progress.done}/{progress.tests} tests")
        if key in self._expected:
            left = max(0, math.ceil(self._expected[key] - (task.elapsed or 0)))
            self._progress.update(task.id, left=f"about {left} s left")

    def finished(self, result: Finished) -> None:
        """Remove the pass from the display and write its line."""
        self._progress.remove_task(self._tasks.pop((result.planned.suite, result.planned.theme)))
        super().finished(result)


def _summary(result: Finished) -> str:
    if result.record is None:
        return f"pytest ended with status {result.status}"
    tally = Counter(result.record.outcomes.values())
    parts = [f"{number} {outcome}" for outcome, number in sorted(tally.items())]
    if errors := len(result.record.collection_errors):
        parts.append(f"{errors} not collected")
    return f"{', '.join(parts) or 'no tests'} in {result.seconds:.1f} s"


def _broke_off(result: Finished) -> bool:
    return result.status not in {0, _NO_TESTS}


def _output(result: Finished) -> str:
    try:
        return result.planned.output.read_text(encoding="utf-8", errors="replace").rstrip()
    except FileNotFoundError:
        return ""
