from __future__ import annotations

from pathlib import Path

import pytest

from covernance.reuse import trace_file
from covernance.reuse.trace_file import BROKEN, Entry, TraceSettings, announcement, read_trace
from covernance_agent import journal

pytestmark = pytest.mark.reliability


@pytest.mark.architecture
def test_tool_and_agent_use_the_same_constants() -> None:
    names = [name for name in vars(trace_file) if name.isupper() and not name.startswith("_")]
    theirs = {**vars(journal), "VARIABLE": journal.SETTINGS}
    assert {name: getattr(trace_file, name) for name in names} == {
        name: theirs[name] for name in names
    }
    assert announcement(1, ["-m", "pytest"]) == journal.command(1, ["-m", "pytest"])


@pytest.mark.architecture
def test_the_agent_reads_the_settings_of_a_trace() -> None:
    settings = TraceSettings("/a/trace", ("/own/",), ("/installed/", "/more/"), ())
    assert journal.decode(settings.encode()) == tuple(settings)


@pytest.mark.architecture
def test_entries_of_the_agent_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    journal.Journal(str(file)).note(journal.BEGAN, journal.command(1, ["-m", "pytest"]))
    journal.Journal(str(file)).note(journal.READ, "/a\nfile", "state")
    assert list(read_trace(file)) == [
        Entry("began", "1\x1f-m\x1fpytest", ""),
        Entry("read", "/a\nfile", "state"),
    ]


@pytest.mark.parametrize("content", [None, b"read\0/a\0", b"read\0/a\0state\0more", b"\xff\0\0\0"])
def test_damaged_trace_is_broken(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "trace"
    if content is not None:
        path.write_bytes(content)
    (entry,) = read_trace(path)
    assert entry.kind == BROKEN
