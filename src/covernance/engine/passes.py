"""Plan passes: the command line and environment that measure one theme of a suite."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from covernance.agent.client import agent_environment
from covernance.agent.environment import GivenArguments
from covernance.config import Suite
from covernance.engine import shard
from covernance.engine.engine import Measurement
from covernance.engine.processes import Launch
from covernance.engine.record import RECORD
from covernance.engine.theme_result import Trace

TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable that sets the folder of pytest's `tmp_path`."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One process: the tests of one theme of one suite, measured under the theme's context.

    Attributes:
        suite: The suite.
        theme: One of its themes, or `unthemed` for the tests without a theme.
        launch: The process.
        trace: The trace that it writes; None if it is not traced.
    """

    suite: str
    theme: str
    launch: Launch
    trace: Trace | None = None


def plan_pass(suite: Suite, theme: str, measurement: Measurement, workers: int = 1) -> Pass:
    """Plan the pass of one theme.

    Args:
        suite: The suite.
        theme: One of its themes, or `unthemed` for the tests without a theme.
        measurement: What is measured.
        workers: The number of pytest-xdist workers; with 1, tests run in the process itself.

    Raises:
        MachineError: The suite is split into shards, but its environment lacks pytest-split.
    """
    # Data files of two passes must not share a prefix.
    folder = measurement.work / suite.name / theme
    prepared, arguments = measurement.prepared[suite.name], measurement.arguments
    durations = durations_file(measurement.work, suite)
    command = (
        *(prepared.environment.executable, "-m", "coverage", "run", f"--context={theme}"),
        f"--rcfile={prepared.settings}",
        f"--data-file={folder / '.coverage'}",
        *("-m", "pytest", "-p", "covernance_agent.plugin"),
        f"--covernance-record={folder / RECORD}",
        f"--covernance-theme={theme}",
        f"--covernance-themes={','.join(suite.themes)}",
        *_select(suite, arguments.meaning),
        *([] if arguments.narrowing else ["--covernance-check-markers"]),
        *([f"--covernance-place={suite.name}-{theme}"] if measurement.has_several_passes else []),
        *("-o", f"cache_dir=.pytest_cache/{suite.name}-{theme}"),
        *(["--color=yes"] if measurement.color else []),
        *(["--covernance-contexts=test"] if measurement.contexts == "test" else []),
        *shard.split_options(measurement.shard, durations, prepared.plugins),
        *([f"--numprocesses={workers}"] if workers > 1 else []),
        *(f"--ignore={path}" for path in suite.ignore),
        *arguments.rest,
        *([] if arguments.meaning.paths else suite.tests),
    )
    # A multiprocessing child reads its context from the environment, not from the command line.
    # The sysmon core loses the context switch that separates earned from imported lines.
    # Each pass has its own temporary folder, because pytest removes those of other runs next to it.
    environment = {
        **agent_environment(measurement.environ),
        "COVERAGE_CONTEXT": theme,
        "COVERNANCE_DATA_FILE": str(folder / ".coverage"),
        "COVERAGE_CORE": "ctrace",
        TEMPORARY: str(measurement.temporary / f"{suite.name}-{theme}"),
    }
    trace: Trace | None = None
    if measurement.trace_variables:
        trace = Trace(file=folder / "trace", parent=os.getpid(), arguments=command[1:])
        environment |= measurement.trace_variables(suite.name, trace.file)
    launch = Launch(
        name=f"{suite.name} · {theme}",
        folder=folder,
        command=command,
        environment=environment,
        slots=workers,
    )
    return Pass(suite=suite.name, theme=theme, launch=launch, trace=trace)


def durations_file(work: Path, suite: Suite) -> Path:
    """The file with the durations by which a suite's tests are split into shards."""
    return work / f"{suite.name}-durations.json"


def _select(suite: Suite, meaning: GivenArguments) -> tuple[str, ...]:
    """The option for the table's marker expression, which the user's own `-m` replaces."""
    if suite.select is None or meaning.expression:
        return ()
    return (f"--covernance-select={suite.select}",)
