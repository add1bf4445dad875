"""The values of a suite that are in force, and where each was set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from covernance.config.pyproject import read_table
from covernance.config.table import SUITE_KEYS, Suite, Table

TABLE = "[tool.covernance]"
DEFAULT = "default"


def list_effective_values(table: Table, suite: Suite) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield each key of a suite, its value in force and where that was set.

    A list has one entry each, a table of numbers one `name = number` each, a missing value none.

    Raises:
        ConfigError: pyproject.toml can't be read any more.
    """
    written = read_table(table.root)
    own = written.get("suites", {}).get(suite.name, {})
    for key in SUITE_KEYS:
        if key.name in own:
            origin = f"[tool.covernance.suites.{suite.name}]"
        elif key.key.inherits and key.name in written:
            origin = TABLE
        else:
            origin = DEFAULT
        yield key.name, tuple(_entries(getattr(suite, key.attribute))), origin


def _entries(value: Any) -> Iterator[str]:  # noqa: ANN401 - of any kind of key
    if isinstance(value, Mapping):
        yield from (f"{name} = {number}" for name, number in value.items())
    elif isinstance(value, tuple):
        yield from value
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield str(value)
