from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logging_lib.sinks.base import Entry
from logging_lib.sinks.file import FileSink

Open = Callable[..., FileSink]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.log"


@pytest.fixture
def open_sink(path: Path) -> Iterator[Open]:
    opened: list[FileSink] = []

    def open_sink(max_bytes: int = 1024, backups: int = 2) -> FileSink:
        sink = FileSink(str(path), max_bytes=max_bytes, backups=backups)
        opened.append(sink)
        return sink

    yield open_sink
    for sink in opened:
        sink.close()


@pytest.mark.architecture
def test_lines_are_appended_and_immediately_readable(path: Path, open_sink: Open) -> None:
    path.write_text("earlier\n")
    sink = open_sink()
    sink.write([Entry(20, "a"), Entry(20, "b")])
    assert path.read_text() == "earlier\na\nb\n"


@pytest.mark.architecture
def test_the_file_is_rotated_before_it_grows_too_large(path: Path, open_sink: Open) -> None:
    sink = open_sink(max_bytes=1024, backups=2)
    for letter in "abcd":
        sink.write([Entry(20, letter * 600)])
    first_letters = {p.name: p.read_text()[0] for p in path.parent.iterdir()}
    assert first_letters == {"hub.log": "d", "hub.log.1": "c", "hub.log.2": "b"}
    assert all(p.stat().st_size <= 1024 for p in path.parent.iterdir())


@pytest.mark.architecture
def test_a_percent_sign_in_a_line_is_not_a_placeholder(path: Path, open_sink: Open) -> None:
    open_sink().write([Entry(20, "100 %s %d")])
    assert path.read_text() == "100 %s %d\n"


@pytest.mark.reliability
def test_a_failed_write_is_raised_and_the_next_can_succeed(
    path: Path, open_sink: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    sink = open_sink(backups=1)
    sink.write([Entry(20, "a" * 1000)])
    path.with_suffix(".log.1").mkdir()  # rotation can't replace a folder
    with pytest.raises(OSError, match="hub"):
        sink.write([Entry(20, "b" * 1000)])
    assert capsys.readouterr().err == ""
    path.with_suffix(".log.1").rmdir()
    sink.write([Entry(20, "c" * 1000)])
    assert path.read_text() == "c" * 1000 + "\n"


@pytest.mark.reliability
def test_a_path_that_cannot_be_opened_is_an_immediate_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileSink(str(tmp_path / "missing" / "x.log"), max_bytes=1024, backups=1)


@pytest.mark.security
def test_the_file_and_its_backups_are_accessible_to_the_owner_only(
    path: Path, open_sink: Open
) -> None:
    before = os.umask(0)
    try:
        sink = open_sink()
        sink.write([Entry(20, "a" * 1000)])
        sink.write([Entry(20, "b" * 1000)])
    finally:
        os.umask(before)
    assert [p.stat().st_mode & 0o777 for p in path.parent.iterdir()] == [0o600, 0o600]


@pytest.mark.security
def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "authorized_keys"
    target.write_text("")
    path.symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        FileSink(str(path), max_bytes=1024, backups=1)
    assert target.read_text() == ""


@pytest.mark.security
def test_a_named_pipe_is_rejected_without_waiting_for_a_reader(path: Path) -> None:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError, match="not a regular file"):
            FileSink(str(path), max_bytes=1024, backups=1)
    finally:
        os.close(reader)
