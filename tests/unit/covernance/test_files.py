from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from covernance import files
from covernance.errors import MachineError

pytestmark = pytest.mark.reliability


def test_a_file_is_replaced_completely(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    files.write_atomic(path, b"old")
    files.write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


def test_a_failed_write_leaves_only_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    files.write_atomic(path, b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(MachineError, match=r"file\.json: .*No space left"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.json"]


def test_a_folder_is_replaced_completely(tmp_path: Path) -> None:
    target = tmp_path / "html" / "api"
    for text in ("old", "new"):
        staged = tmp_path / text
        staged.mkdir()
        (staged / f"{text}.html").touch()
        files.publish_folder(staged, target)
    assert [entry.name for entry in target.iterdir()] == ["new.html"]
    assert [entry.name for entry in target.parent.iterdir()] == ["api"]


def test_a_folder_is_restored_after_a_killed_replacement(tmp_path: Path) -> None:
    retired = tmp_path / ".api.retired"
    retired.mkdir()
    (retired / "index.html").touch()
    files.restore_folder(tmp_path / "api")
    assert (tmp_path / "api" / "index.html").exists()
    assert not retired.exists()


def test_a_retired_folder_is_removed_if_the_new_one_is_in_place(tmp_path: Path) -> None:
    (tmp_path / ".api.retired").mkdir()
    (tmp_path / "api").mkdir()
    files.restore_folder(tmp_path / "api")
    assert [entry.name for entry in tmp_path.iterdir()] == ["api"]


def test_a_folder_staged_on_another_file_system_is_copied_completely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path("/dev/shm")  # noqa: S108 - another file system is the point
    with tempfile.TemporaryDirectory(dir=other) as folder:
        staged = Path(folder, "html")
        staged.mkdir()
        (staged / "index.html").write_text("new")
        (Path(folder, "x.json")).write_text("{}")
        files.publish_folder(staged, tmp_path / "out" / "html")
        files.publish_file(Path(folder, "x.json"), tmp_path / "out" / "x.json")
    assert (tmp_path / "out/html/index.html").read_text() == "new"
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["html", "x.json"]


def test_an_unwritable_path_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "staged").touch()
    with pytest.raises(MachineError, match="can't be written"):
        files.publish_file(tmp_path / "staged", tmp_path / "file" / "x.json")


def test_parallel_workspaces_do_not_affect_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from covernance.files import Workspace\n"
        "for _ in range(60):\n"
        "    workspace = Workspace(Path(sys.argv[1]))\n"
        "    assert workspace.path.is_dir()\n"
        "    (workspace.path / 'x').touch()\n"
        "    workspace.close()\n"
    )
    racing = [subprocess.Popen((sys.executable, "-c", code, str(tmp_path))) for _ in range(4)]
    assert [process.wait() for process in racing] == [0] * 4


def test_closing_removes_a_workspace(tmp_path: Path) -> None:
    workspace = files.Workspace(tmp_path)
    (workspace.path / "data").mkdir()
    workspace.close()
    assert list(tmp_path.glob("run-*")) == []


def test_a_workspace_in_use_is_not_removed(tmp_path: Path) -> None:
    first = files.Workspace(tmp_path)
    second = files.Workspace(tmp_path)
    assert first.path.is_dir()
    first.close()
    second.close()


def test_an_abandoned_workspace_is_removed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from covernance.files import Workspace\n"
        "workspace = Workspace(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run((sys.executable, "-c", code, str(tmp_path)), check=False)
    assert len(list(tmp_path.glob("run-*"))) == 1
    workspace = files.Workspace(tmp_path)
    assert list(tmp_path.glob("run-*")) == [workspace.path]
    workspace.close()


def test_a_held_lock_is_free_after_another_thread_releases_it(tmp_path: Path) -> None:
    held = files.try_lock(tmp_path / "lock")
    assert held
    assert files.try_lock(tmp_path / "lock") is None
    releasing = threading.Thread(target=held.release)
    releasing.start()
    releasing.join()
    with files.locked(tmp_path / "lock"):
        assert files.try_lock(tmp_path / "lock") is None
    again = files.try_lock(tmp_path / "lock")
    assert again
    again.release()


def test_a_lock_that_can_not_be_created_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be locked"), files.locked(tmp_path / "file/lock"):
        pass


def test_a_workspace_that_can_not_be_created_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be used as a work folder"):
        files.Workspace(tmp_path / "file")
