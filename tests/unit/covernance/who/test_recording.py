from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from covernance.config import Table
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.who import recording
from covernance.who.recording import load, publish_recording
from covernance_agent.recording import write_recording
from tests.unit.covernance.who.conftest import FIRST, SECOND, SOURCE
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

PATH = "calc/__init__.py"


@pytest.fixture
def tested(recorded: Table) -> recording.Tested:
    loaded = load(Layout(recorded.root), recorded.suites[0])
    assert loaded is not None
    return loaded


def test_without_a_run_nothing_is_recorded(table: Table) -> None:
    assert load(Layout(table.root), table.suites[0]) is None


@pytest.mark.reliability
def test_run_without_test_contexts_leaves_the_last_recording(
    recorded: Table, snapshot: Snapshot, tmp_path: Path
) -> None:
    before = load(Layout(recorded.root), recorded.suites[0])
    layout = Layout(recorded.root)
    assert publish_recording(tmp_path / "none", recorded.suites[0], snapshot, layout) == ()
    after = load(Layout(recorded.root), recorded.suites[0])
    assert before
    assert after
    assert before.snapshot == after.snapshot


@pytest.mark.reliability
def test_recording_has_the_texts_of_the_run(
    tested: recording.Tested, repository: Repository
) -> None:
    assert tested.paths == {PATH, "tests/test_calc.py"}
    assert not tested.is_edited(repository.root, PATH)
    repository.append(PATH, "more = 1\n")
    assert tested.is_edited(repository.root, PATH)
    assert tested.text(PATH) == SOURCE
    (repository.root / "tests/test_calc.py").unlink()
    assert tested.is_edited(repository.root, "tests/test_calc.py")
    assert not tested.is_edited(repository.root, "never/recorded.py")


@pytest.mark.reliability
def test_damaged_recording_is_an_error(recorded: Table) -> None:
    (Layout(recorded.root).contexts("calc") / "snapshot.json").write_text("{")
    with pytest.raises(InputError, match="is not a snapshot, or is damaged"):
        load(Layout(recorded.root), recorded.suites[0])


def test_a_file_of_the_agent_is_read(
    tested: recording.Tested,
    recorded: Table,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(repository.root)  # in which the agent runs
    target = Layout(recorded.root).contexts("calc") / recording.TESTS
    write_recording(target, {PATH: {"security|run|t.py::a": "4,7", "security": "1"}})
    file = tested.file(PATH)
    assert file.statement(5) == 3
    assert file.ran(3) == file.ran(7) == {("security", "t.py::a")}
    assert file.ran(8) == frozenset()


@pytest.mark.reliability
@pytest.mark.parametrize("content", ["{", '{"schema": 2, "contexts": [], "files": {}}'])
def test_damaged_or_newer_agent_file_is_an_error(
    tested: recording.Tested, recorded: Table, content: str
) -> None:
    (Layout(recorded.root).contexts("calc") / recording.TESTS).write_text(content)
    with pytest.raises(InputError, match="run `covernance run --suite calc --contexts=test` again"):
        tested.file(PATH)


def test_equal_texts_make_an_equal_archive(recorded: Table) -> None:
    with zipfile.ZipFile(Layout(recorded.root).contexts("calc") / "sources.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(archive.namelist())


def test_line_within_a_statement_is_that_statement(tested: recording.Tested) -> None:
    file = tested.file(PATH)
    assert [file.statement(line) for line in (3, 4, 5, 6)] == [3, 3, 3, 6]
    assert file.at(range(4, 5)) == {3}


def test_line_without_a_statement_means_its_neighbours(tested: recording.Tested) -> None:
    file = tested.file(PATH)
    assert file.at(range(9, 10)) == {8, 10}
    assert file.at(range(2, 3)) == {1, 3}
    assert file.at(range(99, 100)) == {11}


def test_each_line_has_its_themes_and_tests(tested: recording.Tested) -> None:
    file = tested.file(PATH)
    assert file.ran(7) == {("security", FIRST), ("reliability", FIRST), ("reliability", "")}
    assert file.ran(8) == {("reliability", SECOND), ("security", "tests/test_calc.py")}
    assert file.ran(10) == file.ran(11) == frozenset()
    assert file.imported == {1, 3, 10}
    assert file.never == {11}
