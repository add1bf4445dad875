from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.auth_service import files
from apps.auth_service.errors import ConfigError


@pytest.mark.security
def test_a_private_file_is_accessible_to_its_owner_only(tmp_path: Path) -> None:
    files.create_private(tmp_path / "new", b"x")
    (tmp_path / "old").write_text("x")
    (tmp_path / "old").chmod(0o666)
    files.replace_private(tmp_path / "old", b"y")

    for name in ("new", "old"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.security
def test_creating_does_not_follow_links_or_replace_files(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(victim)

    for path in (victim, tmp_path / "link"):
        with pytest.raises(FileExistsError):
            files.create_private(path, b"x")

    assert victim.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "victim"]


@pytest.mark.reliability
def test_a_failed_replacement_leaves_the_old_content_and_no_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "directory"
    target.mkdir()

    with pytest.raises(OSError, match="directory"):
        files.replace_private(target, b"x")

    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


@pytest.mark.reliability
def test_a_failed_write_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_with_disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail_with_disk_full)

    with pytest.raises(OSError, match="No space left"):
        files.create_private(tmp_path / "new", b"x")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.reliability
def test_a_file_that_is_too_large_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(bytes((1 << 20) + 1))

    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        files.read_regular(tmp_path / "huge")
    with pytest.raises(ConfigError, match="is not a regular file"):
        files.read_regular(tmp_path)


@pytest.mark.reliability
def test_only_one_thread_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def add(_number: int) -> None:
        with files.directory_lock(tmp_path):
            counter.write_text(str(int(counter.read_text()) + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))

    assert counter.read_text() == "40"


@pytest.mark.architecture
def test_reading_returns_content_and_permissions(tmp_path: Path) -> None:
    files.create_private(tmp_path / "new", b"content")

    assert files.read_regular(tmp_path / "new") == (b"content", 0o600)
