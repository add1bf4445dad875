"""Responsible for what a run with a context for each test recorded."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.layout import Layout
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot, TestResult
from covernance.who.recording import publish_recording
from tests.unit.covernance.who.recordings import write_recording
from tests.utils.repository import Repository

FIRST, SECOND = "tests/test_calc.py::test_first", "tests/test_calc.py::test_second"
SOURCE = """\
import os

def first(
    value,
):
    if value:
        return 1
    return 2

def never():
    return os
"""


@pytest.fixture
def table(repository: Repository) -> Table:
    repository.write("calc/__init__.py", SOURCE)
    return load(repository.root)


@pytest.fixture
def recorded(table: Table, snapshot: Snapshot, tmp_path: Path) -> Table:
    """A table whose suite has a recording: contexts of two tests, a file and a session."""
    staged = tmp_path / "staged"
    staged.mkdir()
    lines_by_context = {
        "security": "1,3,10",
        f"security|run|{FIRST}": "6-7",
        f"reliability|run|{FIRST}": "6-7",
        f"reliability|run|{SECOND}": "6,8",
        "security|run|tests/test_calc.py": "6,8",
        "reliability|run": "6-7",
    }
    write_recording(staged, "calc/__init__.py", lines_by_context, spans=[(3, 5)])
    file = FileResult(
        total=Counts(7, 6, 2, 2),
        themes={},
        executed_lines="1,3,6-8,10",
        missing_lines="11",
        imported_lines="1,3,10",
    )
    passed = TestResult(outcome="passed", seconds=1, themes=())
    result = msgspec.structs.replace(
        snapshot,
        suite="calc",
        files={"calc/__init__.py": file},
        tests=dict.fromkeys((FIRST, SECOND), passed),
    )
    publish_recording(staged, table.suites[0], result, Layout(table.root))
    return table
