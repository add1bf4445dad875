from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from coverage import CoverageData

from covernance.affected.command import command
from covernance.config import load
from covernance.errors import Exit
from covernance.layout import Layout
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot
from covernance.who import recording
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

SOURCE = "def first(x):\n    if x:\n        return 1\n    return 2\n"
FIRST, SECOND = "tests/test_calc.py::test_first[1]", "tests/test_calc.py::TestAll::test_second"


@pytest.fixture
def home(repository: Repository) -> Repository:
    """The repository, committed; nothing is recorded of it yet."""
    repository.write("calc/__init__.py", SOURCE)
    repository.write("tests/test_more.py", "import lib.words\n")
    repository.write("lib/words.py", "")
    repository.commit_first()
    return repository


@pytest.fixture
def _recorded(home: Repository, snapshot: Snapshot, tmp_path: Path) -> None:
    """Line 3 was run by a test with a parameter, line 4 by one of a class and by a session."""
    table = load(home.root)
    staged = tmp_path / "staged"
    staged.mkdir()
    data = CoverageData(basename=str(staged / recording.DATA))
    for context, arcs in {
        "security": [(-1, 1), (1, -1)],
        f"security|run|{FIRST}": [(-1, 2), (2, 3), (3, -1)],
        f"security|run|{SECOND}": [(-1, 2), (2, 3), (3, -1)],
        "security|run": [(-1, 4), (4, -1)],
    }.items():
        data.set_context(context)
        data.add_arcs({"calc/__init__.py": arcs})
    data.write()
    data.close()
    file = FileResult(total=Counts(4, 4, 2, 2), themes={}, executed_lines="1-4", imported_lines="1")
    result = msgspec.structs.replace(snapshot, suite="calc", files={"calc/__init__.py": file})
    recording.keep(staged, table.suites[0], result, Layout(table.root))


def select(*arguments: str) -> list[str]:
    done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value is Exit.PASS
    return done.stdout.splitlines()


@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize(
    ("before", "after", "tests"),
    [
        ("return 1", "return 3", ["tests/test_calc.py::TestAll::test_second", FIRST[:-3]]),
        ("return 2", "return 3", ["tests"]),
        ("first(x)", "first(y)", ["tests"]),
        ("", "", []),
    ],
)
def test_who_ran_an_edited_line_is_selected(
    home: Repository, before: str, after: str, tests: list[str]
) -> None:
    home.write("calc/__init__.py", SOURCE.replace(before, after))
    assert select() == sorted(tests)


@pytest.mark.usefixtures("_recorded")
def test_a_source_that_is_gone_selects_who_ran_it(home: Repository) -> None:
    (home.root / "calc/__init__.py").unlink()
    assert select() == ["tests"]


@pytest.mark.usefixtures("_recorded")
def test_edited_tests_and_importers_are_selected_once(home: Repository) -> None:
    home.append("tests/test_calc.py", "# more\n")
    home.append("lib/words.py", "x = 1\n")
    home.write("calc/__init__.py", SOURCE.replace("return 1", "return 3"))
    assert select() == ["tests/test_calc.py", "tests/test_more.py"]
    assert json.loads("".join(select("--format", "json", "--base", "HEAD"))) == {
        "calc": ["tests/test_calc.py", "tests/test_more.py"]
    }


@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize("path", ["conftest.py", "tests/conftest.py"])
def test_a_conftest_selects_what_it_is_for(home: Repository, path: str) -> None:
    home.write(path, "")
    assert select() == ["tests"]


@pytest.mark.usefixtures("_recorded")
def test_a_file_that_is_not_python_is_named(home: Repository) -> None:
    home.write("tests/data.json", "{}")
    done = CliRunner().invoke(command, [], standalone_mode=False, catch_exceptions=False)
    assert done.stderr.splitlines() == [
        "affected-tests: calc: tests/data.json changed, and no import tells who reads it",
        "affected-tests: no test touches what changed",
    ]


def test_a_suite_that_is_not_recorded_is_selected_whole_or_not_at_all(home: Repository) -> None:
    assert select() == []
    home.write("calc/__init__.py", "")
    assert select() == ["tests"]
