from __future__ import annotations

import json
from pathlib import Path

import pytest

from covernance_agent.record import SCHEMA, SEVERITY, Collected, progress_path, write_record

pytestmark = pytest.mark.reliability


def test_a_record_is_written_atomically(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("an older one")
    write_record(path, {"exit": 0, "outcomes": {"t::\u00e9": "passed"}})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "schema": SCHEMA,
        "exit": 0,
        "outcomes": {"t::\u00e9": "passed"},
    }
    assert [*tmp_path.iterdir()] == [path]


def test_the_last_record_stays_if_a_new_one_can_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("the last one")
    with pytest.raises(TypeError):
        write_record(path, {"exit": object()})
    assert path.read_text() == "the last one"


def test_the_progress_file_is_beside_the_record(tmp_path: Path) -> None:
    assert progress_path(tmp_path / "record.json") == tmp_path / "progress"


@pytest.mark.architecture
def test_the_worst_outcome_comes_last() -> None:
    assert max("passed", "error", "skipped", key=SEVERITY.index) == "error"
    assert len(set(SEVERITY)) == len(SEVERITY)
    assert Collected({}, [], [], []).deselected == []
