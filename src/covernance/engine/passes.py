"""From a suite to the passes that measure it; pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance.config import UNTHEMED, Suite
from covernance.engine import record
from covernance.engine.arguments import PytestArguments

TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable that tells pytest where `tmp_path` lies."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One process: the tests of one theme of one suite, measured under the theme's context.

    Attributes:
        folder: Only this pass writes here: data files, the record, the output.
        command: The process's arguments.
        environment: Variables to set on top of the caller's.
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
        return self.folder / "record.json"

    @property
    def progress(self) -> Path:
        """Where the pytest plugin tells how far the pass is."""
        return record.progress_path(self.record)

    @property
    def output(self) -> Path:
        """Where pytest's output goes when it has no terminal."""
        return self.folder / "output.txt"


def plan_pass(
    suite: Suite,
    theme: str,
    folder: Path,
    temporary: Path,
    arguments: PytestArguments,
    *,
    more: Sequence[str] = (),
    python: str,
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
        more: Options of pytest-split, pytest-xdist and the layer's plugin that are not the usual.
        python: The interpreter that has the suite's requirements.
        color: Whether pytest writes color; its output goes to a file first.
    """
    record_file = folder / "record.json"
    command = (
        *(python, "-m", "coverage", "run", f"--context={theme}"),
        f"--source={','.join(suite.source)}",
        f"--data-file={folder / '.coverage'}",
        *("-m", "pytest", "-p", "covernance_agent.plugin"),
        f"--covernance-record={record_file}",
        f"--covernance-theme={theme}",
        f"--covernance-themes={','.join(suite.themes)}",
        *("-o", f"cache_dir=.pytest_cache/{suite.name}-{theme}"),
        *("-m", _expression(suite, theme, arguments.expression)),
        *(["--color=yes"] if color else []),
        *more,
        *arguments.rest,
        *(arguments.paths or suite.tests),
    )
    # A multiprocessing child reads its context from the environment, not the command line. The
    # sysmon core drops the switch of context that tells earned from imported.
    # A temporary folder of its own: pytest cleans up after earlier runs, also those beside it.
    environment = {
        "COVERAGE_CONTEXT": theme,
        "COVERAGE_CORE": "ctrace",
        TEMPORARY: str(temporary),
    }
    return Pass(
        suite=suite.name, theme=theme, folder=folder, command=command, environment=environment
    )


def _expression(suite: Suite, theme: str, own: str | None) -> str:
    select = theme
    if theme == UNTHEMED:
        select = " and ".join(f"not {name}" for name in suite.themes)
    return f"({select}) and ({own})" if own else select
