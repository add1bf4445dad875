from __future__ import annotations

from pathlib import Path

import pytest

from covernance.reuse.evidence import Seen
from covernance.reuse.seen import CHANGED_MEANWHILE, Looks, Sightings
from covernance_agent.journal import LISTED, READ

pytestmark = pytest.mark.reliability


def test_paths_are_read_once_relative_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1", encoding="utf-8")
    looks = Looks(tmp_path)
    first = looks.look(READ, "a")
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert looks.look(READ, "a") == first
    assert Looks(tmp_path).look(READ, "a") != first
    assert looks.look(LISTED, ".") == "folder/f:a"
    assert looks.look(READ, str(tmp_path / "a")) != first


def test_looking_again_reads_the_same_paths(tmp_path: Path) -> None:
    seen = Seen(read={"a": "x"}, examined={"b": "x"}, asked={"c": "x"}, listed={".": "x"})
    now = Looks(tmp_path).again(seen)
    assert now == Seen(
        read={"a": "absent"},
        examined={"b": "absent"},
        asked={"c": "absent"},
        listed={".": "folder"},
    )


def test_different_states_of_a_path_become_the_sentinel() -> None:
    sightings = Sightings(Path("/root"))
    sightings.add(READ, "/root/a", "1")
    sightings.add(LISTED, "/root", "1")
    sightings.add(READ, "/elsewhere/b", "1")
    sightings.update(Seen(read={"a": "2", "/elsewhere/b": "1"}))
    assert sightings.seen() == Seen(
        read={"a": CHANGED_MEANWHILE, "/elsewhere/b": "1"}, listed={".": "1"}
    )
