"""Tests call the handlers as the interpreter would, because an audit hook can't be removed."""

from __future__ import annotations

import os
import pathlib
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from covernance_agent import states, tracer
from covernance_agent.journal import (
    ASKED,
    BEGAN,
    BOUND,
    BROKEN,
    CONNECTED,
    EXAMINED,
    INSTALLED,
    LISTED,
    MADE,
    READ,
    SCHEMA,
    SEPARATOR,
    SETTINGS,
    STARTED,
    Settings,
    command,
)
from covernance_agent.tracer import Tracer
from tests.unit.covernance_agent.traces import Entry, read_trace

pytestmark = pytest.mark.reliability


class Noted:
    """A tracer and the entries that it recorded."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "trace"
        self.root = folder / "root"
        self.root.mkdir()
        self.tracer = Tracer(
            Settings(
                str(self.file),
                (f"{folder}/own/",),
                (f"{folder}/installed/",),
                (f"{folder}/known/",),
            )
        )

    def hook(self, event: str, *arguments: object) -> list[Entry]:
        """The entries that one event records."""
        before = len(self.entries)
        self.tracer.hook(event, arguments)
        return self.entries[before:]

    @property
    def entries(self) -> list[Entry]:
        return read_trace(self.file) if self.file.exists() else []

    def kinds(self, event: str, *arguments: object) -> list[tuple[str, str]]:
        return [(entry.kind, Path(entry.what).name) for entry in self.hook(event, *arguments)]


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Noted:
    recorder = Noted(tmp_path.resolve())
    monkeypatch.chdir(recorder.root)
    return recorder


def write(noted: Noted, name: str) -> str:
    path = noted.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(name, encoding="utf-8")
    return str(path)


def test_a_file_is_recorded_once_in_its_state_at_first_use(noted: Noted) -> None:
    path = write(noted, "a")
    (entry,) = noted.hook("open", path, "r", os.O_RDONLY)
    assert entry[:2] == (READ, path)
    assert entry.state.startswith("file ")
    assert noted.hook("open", "a", "r", os.O_RDONLY) == []
    assert noted.hook("open", b"./a", "rb", os.O_RDONLY) == []


def test_a_missing_file_is_recorded_as_absent(noted: Noted) -> None:
    (entry,) = noted.hook("open", "missing", "r", os.O_RDONLY)
    assert entry == (READ, str(noted.root / "missing"), "absent")


def test_a_file_that_is_only_written_is_a_product(noted: Noted) -> None:
    assert noted.kinds("open", "out", "w", os.O_WRONLY | os.O_TRUNC | os.O_CREAT) == [(MADE, "out")]
    write(noted, "out")
    assert noted.hook("open", "out", "r", os.O_RDONLY) == []
    path = write(noted, "log")
    assert noted.hook("open", path, "a", os.O_WRONLY | os.O_APPEND | os.O_CREAT) == []
    assert noted.kinds("open", path, "r+", os.O_RDWR) == [(READ, "log")]


def test_exclusive_creation_records_that_existence_was_asked(noted: Noted) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    assert noted.kinds("open", "new", None, flags) == [(ASKED, "new"), (MADE, "new")]
    path = write(noted, "old")
    assert noted.kinds("open", path, None, flags) == [(ASKED, "old"), (READ, "old")]


def test_a_folder_that_is_opened_to_write_is_not_a_product(noted: Noted) -> None:
    assert noted.kinds("open", str(noted.root), "w", os.O_TRUNC) == [(READ, "root")]


def test_files_in_a_folder_that_the_run_created_are_products(noted: Noted) -> None:
    assert noted.kinds("os.mkdir", "made", 0o777, -1) == [(MADE, "made")]
    path = write(noted, "made/file")
    assert noted.hook("open", path, "r", os.O_RDONLY) == []
    (noted.root / "there").mkdir()
    assert noted.hook("os.mkdir", "there", 0o777, -1) == []


def test_bytecode_that_python_is_writing_is_not_recorded(noted: Noted, tmp_path: Path) -> None:
    cache = tmp_path / "installed/__pycache__"
    cache.mkdir(parents=True)
    written = cache / "a.cpython-311.pyc.1234"
    written.touch()
    entries = noted.hook("os.rename", str(written), str(cache / "a.cpython-311.pyc"), -1, -1)
    assert [entry.kind for entry in entries] == [MADE]


def test_bytecode_is_recorded_as_its_source(noted: Noted) -> None:
    write(noted, "module.py")
    for name in ("module.cpython-311.pyc", "module.cpython-311-pytest-9.2.0.pyc"):
        noted.hook("open", str(noted.root / "__pycache__" / name), "rb", os.O_RDONLY)
    assert [entry[:2] for entry in noted.entries] == [(READ, str(noted.root / "module.py"))]
    assert noted.hook("open", str(noted.root / "__pycache__/odd.pyc"), "rb", os.O_RDONLY) == []


def test_ignored_folders_are_not_recorded(noted: Noted, tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    for name in ("own/a", "known/a", "root/.pytest_cache/a", "root/.hypothesis/a"):
        assert noted.hook("open", str(folder / name), "r", os.O_RDONLY) == []
    assert noted.hook("open", "/proc/cpuinfo", "r", os.O_RDONLY) == []
    assert noted.hook("open", 7, "r", os.O_RDONLY) == []
    (entry,) = noted.hook("open", str(folder / "installed/a.py"), "r", os.O_RDONLY)
    assert entry == (INSTALLED, str(folder / "installed/a.py"), "absent")
    assert noted.hook("os.listdir", str(folder / "installed")) == []


def test_listed_folders_are_recorded_with_their_names(noted: Noted) -> None:
    write(noted, "sub/a")
    (entry,) = noted.hook("os.scandir", "sub")
    assert entry == (LISTED, str(noted.root / "sub"), "folder/f:a")
    (entry,) = noted.hook("os.listdir", None)
    assert entry.what == str(noted.root)
    folder = os.open("sub", os.O_RDONLY)
    try:
        assert noted.hook("os.listdir", folder) == []
    finally:
        os.close(folder)


def test_folders_that_an_import_searches_are_listed(noted: Noted) -> None:
    path = write(noted, "native.so")
    assert noted.kinds("import", "native", path, None, None, None) == [(READ, "native.so")]
    search = [str(noted.root / "not" / "there"), str(noted.root), 7]
    assert noted.kinds("import", "x", None, search, None, None) == [
        (LISTED, "there"),
        (LISTED, "root"),
    ]
    assert noted.hook("import", "y", None, search, None, None) == []


@pytest.mark.parametrize(
    "address",
    ["file:{root}/a b", "file://{root}/a%20b", "file://localhost{root}/a%20b?mode=ro#part"],
)
def test_a_database_opened_by_uri_is_recorded_by_its_path(noted: Noted, address: str) -> None:
    first, *_ = noted.hook("sqlite3.connect", address.format(root=noted.root))
    assert (first.kind, first.what) == (READ, f"{noted.root}/a b")


@pytest.mark.parametrize(
    "name",
    ["//{folder}//own/./x", "{folder}/./own//x/", "{folder}/././/./own/x", "///{folder}/own"],
)
def test_a_path_is_normalized(noted: Noted, tmp_path: Path, name: str) -> None:
    assert noted.hook("open", name.format(folder=tmp_path), "r", 0) == []


def test_files_opened_by_c_libraries_are_recorded_if_an_event_is_raised(noted: Noted) -> None:
    assert noted.kinds("sqlite3.connect", "file:base?mode=ro") == [
        (READ, "base"),
        (READ, "base-wal"),
        (READ, "base-journal"),
    ]
    assert noted.hook("sqlite3.connect", ":memory:") == []
    assert noted.hook("sqlite3.connect", 7) == []
    assert noted.kinds("ctypes.dlopen", "./lib.so") == [(READ, "lib.so")]
    assert noted.hook("ctypes.dlopen", "libc.so.6") == []


def test_a_move_reads_its_source_and_a_link_is_a_product(noted: Noted) -> None:
    path = write(noted, "a")
    assert noted.kinds("os.rename", path, "b", -1, -1) == [(READ, "a"), (MADE, "b")]
    assert noted.kinds("os.symlink", "a", "c", -1) == [(MADE, "c")]
    write(noted, "there")
    assert noted.hook("os.link", "a", "there", -1, -1) == []


def test_paths_relative_to_a_folder_descriptor_are_resolved(noted: Noted) -> None:
    path = write(noted, "sub/a")
    folder = os.open("sub", os.O_RDONLY)
    try:
        noted.tracer._opening((), {"dir_fd": folder})
        (entry,) = noted.hook("open", "a", None, os.O_RDONLY)
        assert entry.what == path
        noted.tracer._asking(("b",), {"dir_fd": folder})
        assert noted.entries[-1].what == str(noted.root / "sub/b")
    finally:
        os.close(folder)


def ask(noted: Noted, question: Callable[[], Any]) -> tuple[str, str]:
    """The entry that a call of a wrapped `os.stat` records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "stat", os.stat)  # both are put back
        if hasattr(pathlib, "_NormalAccessor"):
            patch.setattr(pathlib._NormalAccessor, "stat", os.stat)
        tracer._wrap(os, "stat", partial(noted.tracer._guarded, noted.tracer._asking))
        try:
            question()
        finally:
            os.supports_fd.discard(os.stat)
            os.supports_dir_fd.discard(os.stat)
            os.supports_follow_symlinks.discard(os.stat)
    last = noted.entries[-1]
    return last.kind, last.state


def test_asking_for_existence_is_not_recorded_as_asking_for_size(noted: Noted) -> None:
    path = Path(write(noted, "abc"))
    assert ask(noted, path.is_file) == (ASKED, "file")
    assert ask(noted, path.with_name("missing").exists) == (ASKED, "absent")
    assert ask(noted, lambda: os.path.getsize(path))[0] == EXAMINED  # noqa: PTH202 - the point
    noted.hook("open", str(path), "r", os.O_RDONLY)
    count = len(noted.entries)
    ask(noted, path.stat)
    assert len(noted.entries) == count


def test_wrapped_functions_stay_in_the_capability_sets(noted: Noted) -> None:
    def question() -> None:
        assert os.stat in os.supports_dir_fd
        os.stat(noted.root)  # noqa: PTH116 - the point

    assert ask(noted, question)[0] == EXAMINED
    assert os.stat in os.supports_dir_fd


def test_started_programs_are_recorded_and_read(
    noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = Path(write(noted, "bin/tool"))
    path = {"PATH": f"/nowhere:{tool.parent}"}
    asked, program, started = noted.hook("subprocess.Popen", "tool", ["tool", "-x"], None, path)
    assert asked == (ASKED, "/nowhere/tool", states.ABSENT)
    assert program[:2] == (READ, str(tool))
    assert started == (STARTED, command(os.getpid(), ["-x"]), f"popen{SEPARATOR}{tool}")
    started = noted.hook("subprocess.Popen", "./tool", "./tool", str(tool.parent), None)[-1]
    assert started.what == command(os.getpid(), [])
    assert noted.kinds("os.system", "true")[-1][0] == STARTED
    assert noted.kinds("os.exec", b"/bin/sh", [b"sh"], None)[-1][0] == STARTED
    monkeypatch.setenv("PATH", "")
    noted.tracer._forking(([b"unknown", b"-c"],), {})
    assert noted.entries[-1] == (
        STARTED,
        command(os.getpid(), ["-c"]),
        f"fork{SEPARATOR}unknown",
    )


def test_connections_are_recorded_unless_they_stay_in_the_run(noted: Noted) -> None:
    assert noted.hook("socket.bind", None, ("127.0.0.1", 0)) == [(BOUND, "0", "")]
    assert noted.hook("socket.connect", None, ("127.0.0.1", 80)) == [
        (CONNECTED, f"loopback{SEPARATOR}80", "")
    ]
    assert noted.hook("socket.connect", None, ("127.0.0.1", 80)) == []
    assert noted.hook("socket.sendto", None, ("192.0.2.1", 53)) == [
        (CONNECTED, f"192.0.2.1{SEPARATOR}53", "")
    ]
    assert noted.kinds("socket.bind", None, "own.sock") == [(MADE, "own.sock")]
    assert noted.hook("socket.connect", None, "own.sock") == []
    assert noted.kinds("socket.connect", None, "other.sock") == [(CONNECTED, "other.sock")]
    assert noted.hook("socket.connect", None, socket.AF_UNIX) == []


@pytest.mark.security
def test_an_error_in_the_tracer_breaks_the_trace_but_not_the_program(noted: Noted) -> None:
    (entry,) = noted.hook("open", object(), "r", os.O_RDONLY)
    assert entry.kind == BROKEN
    assert noted.hook("an.event.of.no.interest") == []


def test_the_tracer_does_not_record_itself(noted: Noted) -> None:
    noted.tracer._here.busy = True
    assert noted.hook("open", "a", "r", os.O_RDONLY) == []


def test_a_process_records_its_start_and_what_it_read_before(
    noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks: list[object] = []
    wrapped: list[str] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    monkeypatch.setattr(tracer, "_wrap", lambda _module, name, _before: wrapped.append(name))
    monkeypatch.setattr(tracer, "_active", [])
    monkeypatch.setenv(SETTINGS, noted.tracer.settings.encode())
    tracer.start()
    tracer.start()
    assert len(hooks) == 1
    assert set(wrapped) == {"stat", "lstat", "access", "readlink", "open", "fork_exec"}
    first, *rest = noted.entries
    words = getattr(sys, "orig_argv", None)  # from Python 3.10 on
    if words is None:
        words = Path("/proc/self/cmdline").read_text(encoding="utf-8").split("\0")[:-1]
    assert first == (BEGAN, command(os.getppid(), words[1:]), SCHEMA)
    assert (READ, tracer.__file__) in [entry[:2] for entry in rest]
    assert LISTED in {entry.kind for entry in rest}
