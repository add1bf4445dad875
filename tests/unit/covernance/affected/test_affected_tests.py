from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from covernance.affected.command import command
from covernance.config import load
from covernance.errors import Exit
from covernance.layout import Layout
from covernance.model.counts import Counts
from covernance.model.inputs import Inputs
from covernance.model.snapshot import FileResult, Snapshot
from covernance.who import recording
from tests.unit.covernance.who.recordings import write_recording
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
def recorded(home: Repository, snapshot: Snapshot, tmp_path: Path) -> Snapshot:
    """Line 3 was run by a test with a parameter, line 4 by one of a class and by a session."""
    table = load(home.root)
    staged = tmp_path / "staged"
    staged.mkdir()
    ran = {
        "security": "1",
        f"security|run|{FIRST}": "2-3",
        f"security|run|{SECOND}": "2-3",
        "security|run": "4",
    }
    write_recording(staged, "calc/__init__.py", ran)
    file = FileResult(total=Counts(4, 4, 2, 2), themes={}, executed_lines="1-4", imported_lines="1")
    inputs = Inputs(
        read=("calc/__init__.py", "lib/words.py", "tests/test_calc.py", "tests/test_more.py"),
        listed=("calc", "tests"),
    )
    recorded = msgspec.structs.replace(
        snapshot, suite="calc", files={"calc/__init__.py": file}, inputs=inputs
    )
    recording.publish_recording(staged, table.suites[0], recorded, Layout(table.root))
    return recorded


def select(*arguments: str) -> list[str]:
    done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value is Exit.PASS
    return done.stdout.splitlines()


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("before", "after", "tests"),
    [
        ("return 1", "return 3", ["tests/test_calc.py::TestAll::test_second", FIRST[:-3]]),
        ("return 2", "return 3", ["tests"]),
        ("first(x)", "first(y)", ["tests"]),
        ("", "", []),
    ],
)
def test_tests_that_ran_an_edited_line_are_selected(
    home: Repository, before: str, after: str, tests: list[str]
) -> None:
    home.write("calc/__init__.py", SOURCE.replace(before, after))
    assert select() == sorted(tests)


@pytest.mark.usefixtures("recorded")
def test_deleted_source_selects_the_tests_that_ran_it(home: Repository) -> None:
    (home.root / "calc/__init__.py").unlink()
    assert select() == ["tests"]


def notes() -> list[str]:
    done = CliRunner().invoke(command, [], standalone_mode=False, catch_exceptions=False)
    return [line.removeprefix("affected-tests: ") for line in done.stderr.splitlines()]


@pytest.mark.usefixtures("recorded")
def test_new_and_edited_tests_are_selected_once(home: Repository) -> None:
    home.append("tests/test_calc.py", "# more\n")
    home.write("tests/deeper/test_new.py", "")
    home.write("calc/__init__.py", SOURCE.replace("return 1", "return 3"))
    chosen = ["tests/deeper/test_new.py", "tests/test_calc.py"]
    assert select() == chosen
    assert json.loads("".join(select("--format", "json", "--base", "HEAD"))) == {"calc": chosen}


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("tests/conftest.py", "is new: its last run listed tests"),
        ("tests/data.json", "is new: its last run listed tests"),
        ("calc/more.py", "is new: its last run listed calc"),
        ("lib/words.py", "changed: its last run read it"),
    ],
)
def test_other_changed_input_selects_all_tests_with_a_reason(
    home: Repository, path: str, why: str
) -> None:
    home.append(path, "more = 1\n")
    assert select() == ["tests"]
    assert f"calc: {path} {why}" in notes()


@pytest.mark.usefixtures("recorded")
def test_unrelated_change_selects_no_test(home: Repository) -> None:
    home.write("README.md", "words")
    assert select() == []
    assert notes() == ["no test is affected by the change"]


def test_untraced_program_is_reported(home: Repository, recorded: Snapshot) -> None:
    assert recorded.inputs
    inputs = msgspec.structs.replace(recorded.inputs, programs=("git",))
    record_again(home, msgspec.structs.replace(recorded, inputs=inputs))
    home.append("tests/test_calc.py", "# more\n")
    assert notes() == ["a selection; floors are not checked"]
    home.write("README.md", "words")
    assert select() == ["tests/test_calc.py"]
    assert "calc: its tests start git; what it reads is unknown" in notes()


def test_recording_without_inputs_selects_all_tests_for_other_files(
    home: Repository, recorded: Snapshot
) -> None:
    record_again(home, msgspec.structs.replace(recorded, inputs=None))
    assert select() == []
    home.write("README.md", "words")
    assert select() == ["tests"]
    assert "calc: README.md changed: whether its tests depend on that is unknown" in notes()


def record_again(home: Repository, result: Snapshot) -> None:
    path = Layout(home.root).contexts("calc") / "snapshot.json"
    path.write_bytes(result.encode())


def test_suite_without_a_recording_selects_all_tests_or_none(home: Repository) -> None:
    assert select() == []
    home.write("README.md", "words")
    assert select() == ["tests"]
