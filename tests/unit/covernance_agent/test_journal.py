from __future__ import annotations

from pathlib import Path

import pytest

from covernance_agent import journal
from covernance_agent.journal import (
    BEGAN,
    BROKEN,
    EXAMINED,
    READ,
    Journal,
    Settings,
    decode,
)
from tests.unit.covernance_agent.traces import Entry, read_trace

pytestmark = pytest.mark.reliability


def test_settings_survive_the_environment() -> None:
    settings = Settings("/a/trace", ("/own/",), ("/installed/", "/more/"), ())
    assert decode(settings.encode()) == settings


def test_entries_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    file = str(tmp_path / "trace")
    Journal(file).note(BEGAN, journal.command(1, ["-m", "pytest"]))
    Journal(file).note(READ, "/a\nfile", "state")
    assert read_trace(Path(file)) == [
        Entry(BEGAN, "1\x1f-m\x1fpytest", ""),
        Entry(READ, "/a\nfile", "state"),
    ]


def test_a_name_with_nul_is_recorded_without_damage_to_other_entries(tmp_path: Path) -> None:
    file = str(tmp_path / "trace")
    Journal(file).note(EXAMINED, "/a\0b", "absent")
    Journal(file).note(READ, "/a", "state")
    assert read_trace(Path(file)) == [
        Entry(EXAMINED, "/a\N{REPLACEMENT CHARACTER}b", "absent"),
        Entry(READ, "/a", "state"),
    ]


def test_an_incomplete_trace_is_marked(tmp_path: Path) -> None:
    file = str(tmp_path / "trace")
    Journal(file).give_up(ValueError("what"))
    assert read_trace(Path(file)) == [Entry(BROKEN, "ValueError: what", "")]


def test_a_trace_that_can_not_be_marked_incomplete_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace"
    path.write_bytes(b"")
    monkeypatch.setattr(journal, "write", lambda *_: 1)
    with pytest.raises(OSError, match="cut short"):
        Journal(str(path)).note(READ, "/a")
    Journal(str(path)).give_up(ValueError("what"))
    assert not path.exists()
    Journal(str(tmp_path / "no" / "folder")).give_up(ValueError("what"))
