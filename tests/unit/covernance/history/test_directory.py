from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from covernance.errors import InputError, MachineError
from covernance.history import names
from covernance.history.directory import Directory
from covernance.history.store import entry_of
from covernance.model.snapshot import Snapshot

Results = Callable[..., Snapshot]


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "history")


def path_of(tmp_path: Path, snapshot: Snapshot) -> Path:
    return tmp_path / "history" / names.path_of(entry_of(snapshot))


@pytest.mark.architecture
def test_added_snapshots_are_listed_and_read(store: Directory, result: Results) -> None:
    assert store.entries() == []
    snapshots = [result("auth"), result("api", recorded_at="2026-11-20T12:00:00Z")]
    added = store.add(snapshots)
    assert added == [entry_of(snapshots[1]), entry_of(snapshots[0])]
    assert store.entries() == added
    assert [store.read(entry) for entry in added] == [snapshots[1], snapshots[0]]


@pytest.mark.architecture
def test_entries_are_selected_by_suite_and_branch(store: Directory, result: Results) -> None:
    store.add([result("api"), result("auth"), result("api", branch="x", run_id="2")])
    assert len(store.entries(suite="api")) == 2
    assert [entry.run_id for entry in store.entries(suite="api", branch="x")] == ["2"]


@pytest.mark.reliability
def test_adding_again_changes_nothing(store: Directory, result: Results, tmp_path: Path) -> None:
    store.add([result()])
    before = path_of(tmp_path, result()).stat().st_ino
    assert store.add([result()]) == []
    assert store.add([result(recorded_at="2026-11-22T12:00:00Z")]) == []
    assert path_of(tmp_path, result()).stat().st_ino == before
    assert len(store.entries()) == 1


@pytest.mark.reliability
def test_an_invalid_snapshot_prevents_adding_the_others(store: Directory, result: Results) -> None:
    with pytest.raises(InputError, match="run_id"):
        store.add([result(), result(run_id="../..")])
    assert store.entries() == []


@pytest.mark.reliability
def test_parallel_writers_lose_nothing_and_add_nothing_twice(
    store: Directory, result: Results
) -> None:
    added: list[int] = []

    def write(number: int) -> None:
        mine = [result(run_id=f"{number}"), result(run_id="shared")]
        added.append(len(Directory(store._root).add(mine)))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.entries()) == sum(added) == 9


@pytest.mark.reliability
def test_the_error_names_a_damaged_file(store: Directory, result: Results, tmp_path: Path) -> None:
    (entry,) = store.add([result()])
    path_of(tmp_path, result()).write_bytes(b'{"schema": 1')
    assert store.entries() == [entry]
    with pytest.raises(InputError, match=r"1-1@main\.json: is not a snapshot, or is damaged"):
        store.read(entry)


@pytest.mark.reliability
def test_the_error_names_a_missing_file(store: Directory, result: Results) -> None:
    with pytest.raises(InputError, match=r"1-1@main\.json: can't be read: No such file"):
        store.read(entry_of(result()))


@pytest.mark.security
def test_a_file_with_an_invalid_name_is_rejected(store: Directory, result: Results) -> None:
    store.add([result()])
    (store._root / "api" / "3f" / "copy of main.json").touch()
    with pytest.raises(
        InputError, match=r"'api/3f/copy of main\.json': is not the name of a snapshot"
    ):
        store.entries()


@pytest.mark.reliability
def test_leftovers_of_a_killed_writer_are_ignored(
    store: Directory, result: Results, tmp_path: Path
) -> None:
    (entry,) = store.add([result()])
    path = path_of(tmp_path, result())
    path.with_name(f".{path.name}.x1y2z3").write_bytes(b"half")
    path.with_name(".half.json").write_bytes(b"half")
    assert store.entries() == [entry]


@pytest.mark.architecture
def test_pruning_removes_empty_folders(store: Directory, result: Results) -> None:
    remaining, removed = store.add([result("api"), result("auth", branch="long/" * 60)])
    store.prune([removed])
    store.prune([removed])
    assert store.entries() == [remaining]
    assert sorted(path.name for path in store._root.iterdir()) == [".lock", "api"]


@pytest.mark.reliability
def test_the_error_names_an_unwritable_folder(result: Results, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file")
    with pytest.raises(MachineError, match=r"history/\.lock: can't be locked"):
        Directory(tmp_path / "history").add([result()])


@pytest.mark.reliability
def test_the_error_names_a_file_that_can_not_be_removed(
    store: Directory, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    (entry,) = store.add([result()])

    def refuse(_path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(MachineError, match=r"main\.json: can't be removed: Permission denied"):
        store.prune([entry])


@pytest.mark.security
def test_an_unreadable_folder_is_not_an_empty_history(
    store: Directory, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([result()])

    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="history: can't be read: Permission denied"):
        store.entries()
