"""Slots for processes, shared by all runs in a checkout so that they don't overload the cores."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from covernance.errors import MachineError
from covernance.files import try_lock


class Slots:
    """A number of lock files; the system frees those of a process that dies."""

    def __init__(self, folder: Path, count: int) -> None:
        """Share `count` slots whose lock files are in `folder`.

        Raises:
            MachineError: The folder can't be created.
        """
        self._paths = [folder / f"slot-{number}.lock" for number in range(count)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{folder}: can't be used for locks: {error.strerror or error}"
            raise MachineError(msg) from error

    def take(self, count: int = 1) -> ExitStack | None:
        """Take free slots and hold them until the stack is closed; None if there are too few.

        Raises:
            MachineError: A lock file can't be opened.
        """
        missing = count
        with ExitStack() as held:
            for path in self._paths:
                if lock := try_lock(path):
                    held.callback(lock.release)
                    missing -= 1
                if not missing:
                    return held.pop_all()
        return None
