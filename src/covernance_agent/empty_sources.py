"""Sources without any file that coverage.py could measure: a mistake, seen before tests run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import coverage

from covernance_agent.failures import ConfigError

_SUFFIXES = (".py", ".pyw")


def check_sources(source: Sequence[str], settings: str) -> None:
    """Reject a source without Python files, unless plugins measure other files.

    Args:
        source: The suite's sources, relative to the current folder.
        settings: The file with coverage.py's settings for the run.

    Raises:
        ConfigError: There is such a source.
    """
    empty = [path for path in source if Path(path).is_dir() and not _has_python(path)]
    if empty and not coverage.Coverage(config_file=settings, data_file=None).config.plugins:
        msg = (
            f"pyproject.toml: source: {empty[0]!r} has no Python file, so that there is nothing to "
            "measure; name the folder of the code"
        )
        raise ConfigError(msg)


def _has_python(folder: str) -> bool:
    return any(name.endswith(_SUFFIXES) for _, _, names in os.walk(folder) for name in names)
