from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from covernance.engine.slots import Slots
from covernance.errors import MachineError

pytestmark = pytest.mark.reliability


def test_there_are_as_many_slots_as_requested(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots", 2)
    first, second = slots.take(), slots.take()
    assert first
    assert second
    assert slots.take() is None
    first.close()
    third = slots.take()
    assert third
    for stream in (second, third):
        stream.close()


def test_several_slots_are_taken_together_or_not_at_all(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots", 3)
    two = slots.take(2)
    assert two
    assert slots.take(2) is None
    one = slots.take()
    assert one
    two.close()
    again = slots.take(2)
    assert again
    again.close()
    one.close()


def test_two_runs_share_their_slots(tmp_path: Path) -> None:
    one, other = Slots(tmp_path, 2), Slots(tmp_path, 1)
    held = one.take()
    assert held
    assert other.take() is None
    held.close()
    freed = other.take()
    assert freed
    freed.close()


def test_a_killed_process_frees_its_slot(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from covernance.engine.slots import Slots; "
        "held = Slots(pathlib.Path(sys.argv[1]), 1).take(); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, os.fspath(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert Slots(tmp_path, 1).take() is None
        other.kill()
    freed = Slots(tmp_path, 1).take()
    assert freed
    freed.close()


@pytest.mark.security
def test_an_unusable_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be used for locks"):
        Slots(tmp_path / "file" / "slots", 1)


@pytest.mark.security
def test_a_lock_that_can_not_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "slot-0.lock").mkdir()
    with pytest.raises(MachineError, match="can't be locked"):
        Slots(tmp_path, 1).take()
