"""What an engine is: it runs the themes of suites under coverage, each under its own context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from covernance.agent.environment import Prepared
from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.record import Progress
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.layout import Layout

TraceVariables = Callable[[str, Path], Mapping[str, str]]
"""Returns the environment variables that trace the processes of a suite into a file."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is to run, and where.

    Attributes:
        suites: The suites, in the order of the report.
        themes: The themes of each suite that run, in the order of the report.
        with_unthemed: Whether tests without a theme run too, if a suite has any.
        arguments: The user's arguments for pytest.
        jobs: The number of passes that run in parallel; None derives it from the CPU cores.
        color: Whether pytest writes color although its output goes to a file first.
        contexts: Whether each theme or each test has its own coverage context.
        shard: Which part of each suite's tests.
        durations: The seconds of each test, by suite, by which tests are split into shards.
        environ: The variables that tests inherit.
        prepared: The environment in which each suite's tests run.
        layout: The paths of results, of which the last ones record how long themes took.
        work: An existing folder for data, records and output.
        temporary: The parent of the tests' temporary folders; outside of the repository, because
            some tests search the folders above them for a repository.
        trace_variables: Makes an engine trace what tests read; None to trace nothing.
    """

    suites: tuple[Suite, ...]
    themes: Mapping[str, tuple[str, ...]]
    with_unthemed: bool
    arguments: PytestArguments
    jobs: int | None
    color: bool
    contexts: Literal["theme", "test"]
    shard: Shard
    durations: Mapping[str, Mapping[str, float]]
    environ: Mapping[str, str]
    prepared: Mapping[str, Prepared]
    layout: Layout
    work: Path
    temporary: Path
    trace_variables: TraceVariables | None = None

    @property
    def has_several_passes(self) -> bool:
        """Whether more than one pass may run, which then can't share a file."""
        return self.with_unthemed or sum(map(len, self.themes.values())) > 1


class Observer(Protocol):
    """Receives the progress of a run, by suite and theme."""

    def started(self, suite: str, theme: str) -> None:
        """A theme has started."""

    def running(self, suite: str, theme: str, progress: Progress | None) -> None:
        """A theme is still running; called a few times per second.

        `progress` is None while tests are collected.
        """

    def finished(self, result: ThemeResult) -> None:
        """A theme has ended."""

    def note(self, text: str) -> None:
        """Explain what happens next, or why nothing does."""


class Engine(Protocol):
    """Runs the themes of suites. Two engines differ in how, but not in their results."""

    def list_commands(self, measurement: Measurement) -> list[tuple[str, ...]]:
        """The commands that `run` would start first, without starting any.

        Raises:
            MachineError: An environment lacks a plugin that the measurement needs.
        """

    def run(self, measurement: Measurement, observer: Observer) -> list[ThemeResult]:
        """Run every theme, and return the results in any order.

        If the caller is interrupted, everything that was started is stopped before the
        interruption is raised. If pytest rejects its arguments, that is a result, and the tests
        without a theme need not run.

        Raises:
            MachineError: A process can't be started, or an environment lacks a plugin.
        """
