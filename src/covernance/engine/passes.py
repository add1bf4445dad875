"""Plan passes: the command line and environment that measure one theme of a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.agent.client import agent_environment
from covernance.agent.environment import Prepared
from covernance.config import UNTHEMED, Suite
from covernance.engine import record
from covernance.engine.arguments import PytestArguments

RECORD = "record.json"
"""The file in a pass's folder in which the agent's plugin records the pass."""

TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable that sets the folder of pytest's `tmp_path`."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One process: the tests of one theme of one suite, measured under the theme's context.

    Attributes:
        folder: The pass's own folder for data files, record and output.
        command: The command line of the process.
        environment: All environment variables of the process.
        workers: The number of pytest-xdist workers; with 1, tests run in the process itself.
    """

    suite: str
    theme: str
    folder: Path
    command: tuple[str, ...]
    environment: dict[str, str]
    workers: int = 1

    @property
    def record(self) -> Path:
        """The file to which the pytest plugin writes the record."""
        return self.folder / RECORD

    @property
    def progress(self) -> Path:
        """The file to which the pytest plugin writes the progress."""
        return record.progress_path(self.record)

    @property
    def output(self) -> Path:
        """The file with pytest's output, unless the pass is interactive."""
        return self.folder / "output.txt"


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
        more: Further options of pytest-split, pytest-xdist and the agent's plugin.
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
    return Pass(
        suite=suite.name, theme=theme, folder=folder, command=command, environment=environment
    )


def _expression(suite: Suite, theme: str, user_expression: str | None) -> str:
    select = theme
    if theme == UNTHEMED:
        select = " and ".join(f"not {name}" for name in suite.themes)
    return f"({select}) and ({user_expression})" if user_expression else select
