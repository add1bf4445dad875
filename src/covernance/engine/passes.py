"""Plan passes: the command line and environment that measure one theme of a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.agent.client import agent_environment
from covernance.agent.environment import Prepared
from covernance.config import UNTHEMED, Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.processes import Launch
from covernance.engine.record import RECORD

TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable that sets the folder of pytest's `tmp_path`."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One process: the tests of one theme of one suite, measured under the theme's context."""

    suite: str
    theme: str
    launch: Launch


def plan_pass(  # noqa: PLR0913 - all that a pass consists of
    suite: Suite,
    theme: str,
    folder: Path,
    temporary: Path,
    arguments: PytestArguments,
    *,
    prepared: Prepared,
    environ: Mapping[str, str],
    more: Sequence[str] = (),
    workers: int = 1,
    color: bool,
) -> Pass:
    """Plan the pass of one theme.

    Args:
        suite: The suite.
        theme: One of its themes, or `unthemed` for the tests without a theme.
        folder: The pass's own folder; data files of two passes must not share a prefix.
        temporary: The folder for its tests' temporary folders; outside of the repository, because
            some tests search the folders above them for a repository.
        arguments: The user's arguments for pytest.
        prepared: The environment in which the suite's tests run.
        environ: The variables that the process inherits.
        more: Further options of pytest-split and the agent's plugin.
        workers: The number of pytest-xdist workers; with 1, tests run in the process itself.
        color: Whether pytest writes color although its output goes to a file first.
    """
    record_file = folder / RECORD
    command = (
        *(prepared.environment.executable, "-m", "coverage", "run", f"--context={theme}"),
        f"--rcfile={prepared.settings}",
        f"--data-file={folder / '.coverage'}",
        *("-m", "pytest", "-p", "covernance_agent.plugin"),
        f"--covernance-record={record_file}",
        f"--covernance-theme={theme}",
        f"--covernance-themes={','.join(suite.themes)}",
        *("-o", f"cache_dir=.pytest_cache/{suite.name}-{theme}"),
        *(["--color=yes"] if color else []),
        *more,
        *([f"--numprocesses={workers}"] if workers > 1 else []),
        *arguments.rest,
        # pytest uses only the last -m, so the user's expression is combined with the theme.
        *("-m", _expression(suite, theme, arguments.meaning.expression)),
        *([] if arguments.meaning.paths else suite.tests),
    )
    # A multiprocessing child reads its context from the environment, not from the command line.
    # The sysmon core loses the context switch that separates earned from imported lines.
    # Each pass has its own temporary folder, because pytest removes those of other runs next to it.
    environment = {
        **agent_environment(environ),
        "COVERAGE_CONTEXT": theme,
        "COVERNANCE_DATA_FILE": str(folder / ".coverage"),
        "COVERAGE_CORE": "ctrace",
        TEMPORARY: str(temporary),
    }
    launch = Launch(
        name=f"{suite.name} · {theme}",
        folder=folder,
        command=command,
        environment=environment,
        slots=workers,
    )
    return Pass(suite=suite.name, theme=theme, launch=launch)


def _expression(suite: Suite, theme: str, user_expression: str | None) -> str:
    select = theme
    if theme == UNTHEMED:
        select = " and ".join(f"not {name}" for name in suite.themes)
    return f"({select}) and ({user_expression})" if user_expression else select
