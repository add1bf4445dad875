"""The state of alerts: the problems already reported to each target, stored between runs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.errors import InputError
from covernance.files import write_atomic
from covernance.model import document
from covernance.notify.policy import ReportedState

SCHEMA = 1


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bad states reported to each target, by the target's name."""

    schema: int
    targets: dict[str, tuple[ReportedState, ...]]

    def of(self, target: str) -> tuple[ReportedState, ...]:
        """The states reported to a target; empty for a new target."""
        return self.targets.get(target, ())

    def advanced(self, target: str, reported: tuple[ReportedState, ...]) -> State:
        """Return this state after a delivery to one target."""
        return State(self.schema, {**self.targets, target: reported})


def read(path: Path) -> State:
    """Read the state; it is empty if the file does not exist yet.

    Raises:
        InputError: The file can't be read, is damaged, or was written by a newer version.
    """
    remedy = "remove it to start over; alerts for current problems are then sent again"
    with document.readable_errors(str(path), "a state of alerts", remedy):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return State(SCHEMA, {})
        if msgspec.json.decode(content, type=_Versioned).schema > SCHEMA:
            msg = f"{path}: was written by a newer covernance; upgrade covernance to read it"
            raise InputError(msg)
        return msgspec.json.decode(content, type=State)


def write(path: Path, state: State) -> None:
    """Write the state atomically.

    Raises:
        MachineError: It can't be written.
    """
    write_atomic(path, document.encode(state))


class _Versioned(msgspec.Struct):
    schema: int
