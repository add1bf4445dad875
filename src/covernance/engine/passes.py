"""From a suite to the passes that measure it; pure."""

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
"""The file in a pass's folder in which the agent's plugin says what the pass saw."""

TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable that tells pytest where `tmp_path` lies."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One process: the tests of one theme of one suite, measured under the theme's context.

    Attributes:
        folder: Only this pass writes here: data files, the record, the output.
        command: The process's arguments.
        environment: All variables of the process.
        workers: How many pytest-xdist workers run its tests; with 1, its own process does.
    """

    suite: str
    theme: str
    folder: Path
    command: tuple[str, ...]
    environment: dict[str, str]
    workers: int = 1

    @property
    def record(self) -> Path:
        """Where the pytest plugin writes what the pass saw."""
        return self.folder / RECORD

    @property
    def progress(self) -> Path:
        """Where the pytest plugin tells how far the pass is."""
        return record.progress_path(self.record)

    @property
    def output(self) -> Path:
        """Where pytest's output goes when it has no terminal."""
        return self.folder / "output.txt"


def plan_pass(  # noqa: PLR0913 - what a pass is made of
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
        theme: One of its themes, or `unthemed` for the tests that carry none.
        folder: A folder of the pass's own; data files must not share a prefix with another's.
        temporary: Where its tests' temporary folders go; outside of the repository, or tests
            that look for one around them would find it.
        arguments: What the user gave for pytest.
        prepared: The environment in which the suite's tests run.
        environ: The variables that the process inherits.
        more: Further options of pytest-split, pytest-xdist and the agent's plugin.
        color: Whether pytest writes color; its output goes to a file first.
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
        # Of several -m the last one counts, so the user's is joined with the theme.
        *("-m", _expression(suite, theme, arguments.meaning.expression)),
        *([] if arguments.meaning.paths else suite.tests),
    )
    # A multiprocessing child reads its context from the environment, not the command line. The
    # sysmon core drops the switch of context that tells earned from imported.
    # A temporary folder of its own: pytest cleans up after earlier runs, also those beside it.
    environment = {
        **agent_environment(environ),
        "COVERAGE_CONTEXT": theme,
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
