"""The record of one pytest pass, written for the tool; `covernance.engine.record` reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1

SEVERITY = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
"""The outcomes of a test, from best to worst."""


class Collected(NamedTuple):
    """The tests that were collected.

    Attributes:
        selected: The tests of this pass, each with its themes.
        unthemed: Tests of the suite without a theme, whether this pass runs them or not.
        deselected: Tests of this pass's theme that something else deselected (`-k`, a plugin).
        elsewhere: Tests of this pass's theme that other shards run.
    """

    selected: dict[str, list[str]]
    unthemed: list[str]
    deselected: list[str]
    elsewhere: list[str]


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record atomically, as JSON with its schema."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(
        json.dumps({"schema": SCHEMA, **record}, separators=(",", ":")), encoding="utf-8"
    )
    unfinished.replace(path)


def progress_path(record: Path) -> Path:
    """The progress file of a pass: the number of its tests, then one dot per finished test."""
    return record.with_name("progress")
