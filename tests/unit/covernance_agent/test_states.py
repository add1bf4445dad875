from __future__ import annotations

import os
from pathlib import Path

import pytest

from covernance_agent import states

pytestmark = pytest.mark.reliability


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("text", encoding="utf-8")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "sub").mkdir(mode=0o750)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe", 0o600)
    return tmp_path.resolve()


@pytest.mark.parametrize("ask", [states.content, states.metadata, states.kind])
def test_a_missing_path_is_absent(folder: Path, ask: object) -> None:
    assert callable(ask)
    assert ask(str(folder / "missing")) == "absent"
    assert ask(str(folder / "file" / "below")) == "absent"
    assert ask("a\0b") == "absent"
    assert ask(str(folder / "broken")) == "absent -> nowhere"


def test_content_depends_on_bytes_mode_and_real_path(folder: Path) -> None:
    first = states.content(str(folder / "file"))
    assert first.startswith("file 640 ")
    assert states.content(str(folder / "link")) == f"{first} -> {folder / 'file'}"
    (folder / "file").write_text("tex!", encoding="utf-8")
    assert states.content(str(folder / "file")) != first
    assert states.content(str(folder / "sub")) == "directory"
    assert states.content(str(folder / "pipe")) == "special 600"


def test_metadata_depends_on_mode_and_size(folder: Path) -> None:
    assert states.metadata(str(folder / "file")) == "file 640 4"
    assert states.metadata(str(folder / "sub")) == "directory 750"
    assert states.metadata(str(folder / "pipe")).startswith("special 600")


def test_kind_depends_only_on_the_kind(folder: Path) -> None:
    assert states.kind(str(folder / "file")) == "file"
    assert states.kind(str(folder / "sub")) == "directory"
    assert states.kind(str(folder / "pipe")) == "special"
    assert states.kind(str(folder / "link")) == f"file -> {folder / 'file'}"


def test_names_include_kinds_and_leave_out_state_of_tools(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / ".pytest_cache").mkdir()
    assert states.names(str(folder)) == "folder/d:sub/f:file/f:pipe/fl:broken/fl:link"
    assert states.names(str(folder / "file")) == "absent"


def test_a_broken_link_exists(folder: Path) -> None:
    assert states.exists(str(folder / "broken"))
    assert not states.exists(str(folder / "missing"))
    assert states.is_folder(str(folder / "sub"))
    assert not states.is_folder(str(folder / "file"))
    assert not states.is_folder(str(folder / "missing"))


@pytest.mark.security
def test_a_file_that_can_not_be_read_is_unreadable(folder: Path) -> None:
    assert states.digest(str(folder / "missing")) == "unreadable"


def test_functions_replaced_in_os_have_no_effect(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = states.content(str(folder / "file"))
    for name in ("stat", "open", "read", "scandir"):
        monkeypatch.setattr(os, name, None)
    after = states.content(str(folder / "file"))
    monkeypatch.undo()
    assert after == before


def test_a_stamp_changes_with_a_replacement_but_not_with_a_link(folder: Path) -> None:
    before = states.stamp(str(folder / "file"))
    os.link(folder / "file", folder / "elsewhere")
    assert states.stamp(str(folder / "file")) == before
    (folder / "file").write_text("longer", encoding="utf-8")
    assert states.stamp(str(folder / "file")) != before
    assert states.stamp(str(folder / "missing")) == "absent"


@pytest.mark.parametrize("name", ["file", "link", "sub", ".", "sub/../link"])
def test_the_real_path_is_the_same_with_and_without_proc(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = f"{folder}/{name}"
    after = [states.kind(path), states.content(path), states.metadata(path)]
    monkeypatch.setattr(states, "_WHERE", None)
    assert [states.kind(path), states.content(path), states.metadata(path)] == after
