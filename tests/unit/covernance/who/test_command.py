from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from coverage import CoverageData

from covernance.config import Table, load
from covernance.errors import Exit
from covernance.layout import Layout
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot, TestResult
from covernance.who import recording
from covernance.who.command import command
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


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
def kept(table: Table, snapshot: Snapshot, tmp_path: Path) -> Table:
    """Contexts of two tests, a file and a session are kept of this table's suite."""
    staged = tmp_path / "staged"
    staged.mkdir()
    data = CoverageData(basename=str(staged / recording.DATA))
    ran = {
        "security": [(-1, 1), (1, 3), (3, 10), (10, -1)],
        f"security|run|{FIRST}": [(-3, 6), (6, 7), (7, -3)],
        f"reliability|run|{FIRST}": [(-3, 6), (6, 7), (7, -3)],
        f"reliability|run|{SECOND}": [(-3, 6), (6, 8), (8, -3)],
        "security|run|tests/test_calc.py": [(-3, 6), (6, 8), (8, -3)],
        "reliability|run": [(-3, 6), (6, 7), (7, -3)],
    }
    for context, arcs in ran.items():
        data.set_context(context)
        data.add_arcs({"calc/__init__.py": arcs})
    data.write()
    data.close()
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
    recording.keep(staged, table.suites[0], result, Layout(table.root))
    return table


def test_the_command_answers_as_text_and_as_json(kept: Table, repository: Repository) -> None:
    def out(*arguments: str) -> str:
        done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
        assert done.return_value is Exit.PASS
        return done.stdout

    os.chdir(repository.root / "calc")
    recorded = f"(calc, recorded 2026-11-21T12:00:00Z at {'0' * 12})"
    assert out("__init__.py:7", "__init__.py:8-11").splitlines() == [
        f"calc/__init__.py:7: 1 test {recorded}",
        "  reliability            set up for the whole session",
        f"  reliability, security  {FIRST}",
        f"calc/__init__.py:8-11: 1 test {recorded}",
        "  security     set up for tests/test_calc.py  line 8",
        f"  reliability  {SECOND}  line 8",
        "  ran at import only: line 10",
        "  never ran: line 11",
        "  no statement: line 9",
    ]
    repository.append("calc/__init__.py", "more = 1\n")
    stale, edited = out("calc/__init__.py:12").splitlines()[1:]
    assert stale.startswith("  stale: calc/__init__.py edited since; `covernance run --suite calc")
    assert edited == "  edited since, so not known: line 12"
    (place,) = json.loads(out("calc/__init__.py:11", "--format", "json"))["places"]
    assert (place["never"], place["ran"]) == ("11", [])
