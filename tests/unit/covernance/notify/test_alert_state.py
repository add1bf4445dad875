from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError, MachineError
from covernance.model.fact import Subject
from covernance.notify.alert_state import SCHEMA, State, read, write
from covernance.notify.policy import ReportedState

pytestmark = pytest.mark.reliability

REPORTED = ReportedState(Subject("gate", "api", "", "api"), "below-floor")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "coverage" / "alerts.state.json"


def test_written_state_is_read_back(path: Path) -> None:
    state = State(SCHEMA, {}).advanced("json://h", (REPORTED,)).advanced("slack://***", ())
    write(path, state)
    assert read(path) == state
    assert read(path).of("json://h") == (REPORTED,)


def test_state_without_a_file_is_empty(path: Path) -> None:
    assert read(path).of("json://h") == ()


@pytest.mark.architecture
def test_file_is_readable_by_people(path: Path) -> None:
    write(path, State(SCHEMA, {"json://h": (REPORTED,)}))
    assert json.loads(path.read_bytes())["targets"]["json://h"] == [
        {
            "about": {"kind": "gate", "name": "api", "suite": "api", "theme": ""},
            "state": "below-floor",
        }
    ]


@given(st.binary())
def test_damaged_file_is_an_error_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"state\.json: .*damaged.*remove it to start over"):
        read(path)


@pytest.mark.security
@pytest.mark.parametrize("extra", ['"targets": {"x": [{}]}', '"targets": {}, "more": 1', '"x": 1'])
def test_file_with_other_fields_is_rejected(path: Path, extra: str) -> None:
    path.parent.mkdir()
    path.write_text(f'{{"schema": 1, {extra}}}')
    with pytest.raises(InputError, match="damaged"):
        read(path)


def test_newer_file_requires_an_upgrade(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"schema": 2, "targets": []}')
    with pytest.raises(InputError, match="newer covernance; upgrade"):
        read(path)


def test_file_that_can_not_be_read_or_written_is_a_clear_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(InputError, match="can't be read"):
        read(path)
    with pytest.raises(MachineError, match="can't be written"):
        write(path, State(SCHEMA, {}))
