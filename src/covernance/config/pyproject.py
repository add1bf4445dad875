"""Find and read the table in a repository's pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from covernance.config.table import Table
from covernance.config.toml_words import name_type
from covernance.config.validation import check_table
from covernance.errors import ConfigError

PYPROJECT = "pyproject.toml"
"""The file that holds the table."""

_BYTE_ORDER_MARK = "\ufeff"


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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: can't be read: {error}"
        raise ConfigError(msg) from error
    return parse_document(text, str(path))


def parse_document(text: str, where: str) -> dict[str, Any]:
    """Parse a version of pyproject.toml; `where` names it in the error.

    Raises:
        ConfigError: It is not valid TOML, or `tool` is not a table.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        msg = f"{where}: begins with a byte order mark, which TOML does not allow; save the file "
        msg += "as UTF-8 without it"
        raise ConfigError(msg)
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    except RecursionError:
        msg = f"{where}: has values that are nested too deeply to be read; flatten them"
        raise ConfigError(msg) from None
    if not isinstance(tool := document.get("tool", {}), dict):
        msg = f"{where}: `tool` must be a table, not {name_type(tool)}"
        raise ConfigError(msg)
    return document


def parse_table(text: str, where: str) -> Mapping[str, Any]:
    """Parse the table in a version of pyproject.toml; empty if it has none.

    Its keys are not checked: a version of the base was written for the files of its time.

    Raises:
        ConfigError: It is not valid TOML, or the table is something else.
    """
    table = parse_document(text, where).get("tool", {}).get("covernance", {})
    if not isinstance(table, Mapping):
        msg = f"{where}: [tool.covernance]: must be a table, not {name_type(table)}"
        raise ConfigError(msg)
    return table
