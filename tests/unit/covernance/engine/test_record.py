from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.engine.record import (
    SCHEMA,
    Collected,
    Progress,
    Record,
    progress_path,
    read_progress,
    read_record,
)
from covernance.errors import InputError
from covernance_agent.record import write_record

pytestmark = pytest.mark.reliability


def record(**changes: object) -> Record:
    plain: dict[str, object] = {
        "schema": SCHEMA,
        "exit": 0,
        "collected": Collected(selected={"t::a": ("security",)}),
        "outcomes": {"t::a": "passed"},
        "seconds": {"t::a": 0.1},
        "collection_errors": [],
    }
    return Record(**(plain | changes))  # type: ignore[arg-type]


@pytest.mark.architecture
def test_a_written_record_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(msgspec.json.encode(record()))
    assert read_record(path) == record()


@pytest.mark.architecture
def test_a_record_of_the_agent_is_read(tmp_path: Path) -> None:
    plain = msgspec.to_builtins(record())
    del plain["schema"]
    write_record(tmp_path / "record.json", plain)
    assert read_record(tmp_path / "record.json") == record()


def test_a_record_of_another_version_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(msgspec.json.encode(record(schema=SCHEMA + 1)))
    with pytest.raises(InputError, match=rf"has schema {SCHEMA + 1} instead of {SCHEMA}"):
        read_record(path)


def test_a_crashed_pass_has_no_record(tmp_path: Path) -> None:
    assert read_record(tmp_path / "record.json") is None


def test_a_record_is_complete_if_every_selected_test_ended() -> None:
    assert record().complete
    assert not record(outcomes={}).complete
    assert not record(collection_errors=["tests/x.py"]).complete


def test_failures_are_failed_tests_fixture_errors_and_uncollected_files() -> None:
    outcomes = {"a": "passed", "b": "failed", "c": "error", "d": "skipped", "e": "xpassed"}
    assert record(outcomes=outcomes, collection_errors=["x"]).failures == {"b", "c", "x"}


def test_progress_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = progress_path(tmp_path / "record.json")
    assert read_progress(path) is None
    path.write_bytes(b"12")
    assert read_progress(path) is None
    path.write_bytes(b"12\n")
    assert read_progress(path) == Progress(0, 12)
    path.write_bytes(b"12\n...")
    assert read_progress(path) == Progress(3, 12)
