"""What each target was told, kept from run to run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.errors import InputError
from covernance.files import write_atomic
from covernance.model import document
from covernance.notify.policy import Told

SCHEMA = 1


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bad states that each target, by its name, was told of."""

    schema: int
    targets: dict[str, tuple[Told, ...]]

    def of(self, target: str) -> tuple[Told, ...]:
        """What a target was told; nothing, for a new one."""
        return self.targets.get(target, ())

    def advanced(self, target: str, told: tuple[Told, ...]) -> State:
        """This state after a delivery to one target."""
        return State(self.schema, {**self.targets, target: told})


def read(path: Path) -> State:
    """Read the state; where there is no file yet, nobody was told anything.

    Raises:
        InputError: The file can't be read, is damaged, or was written by a newer version.
    """
    remedy = "remove it to begin anew; whatever is bad now is then told once more"
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
    """Write the state in one step.

    Raises:
        MachineError: It can't be written.
    """
    text = msgspec.json.format(msgspec.json.encode(state, order="sorted"), indent=1)
    write_atomic(path, text + b"\n")


class _Versioned(msgspec.Struct):
    schema: int
