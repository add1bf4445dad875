"""Show the progress of a run: live on a terminal, otherwise one line per finished theme."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from covernance.engine.theme_result import ThemeResult

if TYPE_CHECKING:
    from rich.progress import TaskID

    from covernance.engine.record import Progress


_USAGE = "pytest's usage message"


class Lines:
    """One line per finished theme, and pytest's output if it shows a new failure.

    The complete output of a theme is shown after it has ended, if it contains a failure that no
    earlier theme has shown: a failing test with two themes appears once.
    """

    def __init__(self, write: Callable[[str], None], *, verbose: bool) -> None:
        """Write through `write`; with `verbose`, show the output of every theme."""
        self._write = write
        self._verbose = verbose
        self._shown: set[str] = set()

    def started(self, suite: str, theme: str) -> None:
        """Print nothing: the line is printed when the theme ends."""

    def running(self, suite: str, theme: str, progress: Progress | None) -> None:
        """Print nothing: the line is printed when the theme ends."""

    def finished(self, result: ThemeResult) -> None:
        """Write the theme's line, after its output if that is to be shown.

        Where the table names unknown markers nothing ran, and one error says so for all themes.
        """
        if result.has_unknown_markers:
            return
        failures = result.record.failures if result.record else frozenset()
        line = f"{result.suite} · {result.theme}: {_summary(result)}"
        if self._shows_output(result, failures):
            self._write(result.output)
        elif failures or not result.ended_well:
            line += ", shown above"
        self._shown |= failures
        self._write(line)

    def note(self, text: str) -> None:
        """Write it as a line."""
        self._write(text)

    def _shows_output(self, result: ThemeResult, failures: frozenset[str]) -> bool:
        """Whether to show the output of this theme: for new failures, or with `verbose`."""
        if result.was_rejected:
            # Every theme, and often every suite, reports the same bad argument.
            same = {f"{_USAGE} of {result.suite}", result.output}
            new = self._shown.isdisjoint(same)
            self._shown |= same
            return new
        if failures - self._shown or not (result.ended_well or failures):
            return True
        return self._verbose and not result.has_no_tests


class Live(Lines):
    """A live display on a terminal: finished and collected tests, time and time left per theme."""

    def __init__(self, *, verbose: bool, expected: Mapping[tuple[str, str], float]) -> None:
        """Prepare the display, which is active in the `with` block.

        Args:
            verbose: Whether the output of every theme is shown.
            expected: The seconds that each theme took in the last full run, by suite and theme.
        """
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - a slow import, needed on a terminal only

        self._expected = expected
        self._display = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[tests]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        super().__init__(
            lambda text: self._display.console.out(text, highlight=False), verbose=verbose
        )

    def __enter__(self) -> Self:
        """Start the display."""
        self._display.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the display."""
        self._display.stop()

    def refresh(self) -> None:
        """Redraw now; otherwise this happens ten times per second."""
        self._display.refresh()

    def started(self, suite: str, theme: str) -> None:
        """Show the theme as running."""
        key = (suite, theme)
        self._tasks[key] = self._display.add_task(
            " · ".join(key), total=None, tests="collecting", left=""
        )

    def running(self, suite: str, theme: str, progress: Progress | None) -> None:
        """Show the progress of the theme."""
        key = (suite, theme)
        task = self._display.tasks[self._display.task_ids.index(self._tasks[key])]
        if progress:
            self._display.update(task.id, tests=f"{progress.done}/{progress.tests} tests")
        if key in self._expected:
            left = max(0, math.ceil(self._expected[key] - (task.elapsed or 0)))
            self._display.update(task.id, left=f"about {left} s left")

    def finished(self, result: ThemeResult) -> None:
        """Remove the theme from the display and write its line."""
        self._display.remove_task(self._tasks.pop((result.suite, result.theme)))
        super().finished(result)


def _summary(result: ThemeResult) -> str:
    if result.record is None:
        return f"pytest ended with status {result.status}"
    tally = Counter(result.record.outcomes.values())
    parts = [f"{number} {outcome}" for outcome, number in sorted(tally.items())]
    if errors := len(result.record.collection_errors):
        parts.append(f"{errors} not collected")
    return f"{', '.join(parts) or 'no tests'} in {result.seconds:.1f} s"
