"""What one pass of pytest saw, as it is handed to the tool: `covernance.engine.record` reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1

SEVERITY = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
"""How a test can end, from the best to the worst."""


class Collected(NamedTuple):
    """What collection found.

    Attributes:
        selected: The tests of this pass, each with the themes that it carries.
        unthemed: Tests of the suite that carry no theme, selected or not.
        deselected: Tests of this pass's theme that something else deselected (`-k`, a plugin).
    """

    selected: dict[str, list[str]]
    unthemed: list[str]
    deselected: list[str]


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record in one step, as JSON with its schema."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(
        json.dumps({"schema": SCHEMA, **record}, separators=(",", ":")), encoding="utf-8"
    )
    unfinished.replace(path)


def progress_path(record: Path) -> Path:
    """Where a pass shows how far it is: the number of its tests, then a dot for each that ended."""
    return record.with_name("progress")
