"""Read the table at the base of a change."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from covernance.config import PYPROJECT
from covernance.errors import ConfigError
from covernance.git.changes import read_committed_file


def read_base_table(root: Path, commit: str) -> Mapping[str, Any]:
    """Read `[tool.covernance]` at a commit as it is written; empty if there was none.

    It is not checked: it was written for the files and the version of its time.

    Raises:
        ConfigError: pyproject.toml was not valid TOML.
        MachineError: git can't read it.
    """
    text = read_committed_file(root, commit, PYPROJECT) or ""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{PYPROJECT} at {commit}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    table = document.get("tool", {}).get("covernance", {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{PYPROJECT} at {commit}: [tool.covernance]: expected a table")
    return table
