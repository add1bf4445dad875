"""Read the table at the base of a change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from covernance.config import PYPROJECT
from covernance.config.pyproject import parse_table
from covernance.git.changes import read_committed_file


def read_base_table(root: Path, commit: str) -> Mapping[str, Any]:
    """Read `[tool.covernance]` at a commit as it is written; empty if there was none.

    It is not checked: it was written for the files and the version of its time.

    Raises:
        ConfigError: pyproject.toml was not valid TOML, or the table something else.
        MachineError: git can't read it.
    """
    text = read_committed_file(root, commit, PYPROJECT) or ""
    return parse_table(text, f"{PYPROJECT} at {commit}")
