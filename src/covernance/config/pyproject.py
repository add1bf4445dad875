"""Find and read the table in a repository's pyproject.toml."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from covernance.config.table import Table
from covernance.config.toml_words import name_type
from covernance.config.validation import check_table
from covernance.errors import ConfigError

PYPROJECT = "pyproject.toml"
"""The file that holds the table."""


def find_root(start: Path) -> Path:
    """Find the nearest folder, from `start` upwards, whose pyproject.toml has the table.

    Raises:
        ConfigError: Neither `start` nor a folder above it has one.
    """
    for folder in (start, *start.parents):
        candidate = folder / PYPROJECT
        if candidate.is_file() and "covernance" in _read(candidate).get("tool", {}):
            return folder
    msg = (
        f"no pyproject.toml with a [tool.covernance] table in {start} or above it; "
        "add one with `themes` and one [tool.covernance.suites.<name>] per component"
    )
    raise ConfigError(msg)


def load(root: Path) -> Table:
    """Read and check the table of the repository at `root`.

    Raises:
        ConfigError: The table has a mistake; the message names the key and says what to do.
    """
    return check_table(read_table(root), root)


def read_table(root: Path) -> dict[str, Any]:
    """Read the table of the repository at `root` as it is written.

    Raises:
        ConfigError: pyproject.toml can't be read, or has no such table.
    """
    document: dict[str, Any] | None = _read(root / PYPROJECT).get("tool", {}).get("covernance")
    if document is None:
        msg = (
            f"{root / PYPROJECT}: has no [tool.covernance] table; add one with `themes` and "
            "one [tool.covernance.suites.<name>] per component"
        )
        raise ConfigError(msg)
    return document


def _read(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: can't be read: {error}"
        raise ConfigError(msg) from error
    if not isinstance(tool := document.get("tool", {}), dict):
        msg = f"{path}: `tool` must be a table, not {name_type(tool)}"
        raise ConfigError(msg)
    return document
