"""The slots that all runs in a checkout share, so that two at once do not crowd its cores."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from pathlib import Path

from covernance.errors import MachineError


class Slots:
    """`count` lock files; the kernel frees those of a process that dies."""

    def __init__(self, folder: Path, count: int) -> None:
        """Share the slots whose lock files lie in `folder`.

        Raises:
            MachineError: The folder can't be made.
        """
        self._paths = [folder / f"slot-{number}.lock" for number in range(count)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{folder}: can't be used for locks: {error.strerror or error}"
            raise MachineError(msg) from error

    def take(self, count: int = 1) -> ExitStack | None:
        """So many free slots, held until the stack is closed; None while there are fewer.

        Raises:
            MachineError: A lock file can't be opened.
        """
        held, left = ExitStack(), count
        for path in self._paths:
            try:
                stream = path.open("ab")
            except OSError as error:
                held.close()
                msg = f"{path}: can't be locked: {error.strerror or error}"
                raise MachineError(msg) from error
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.close()
                continue
            held.enter_context(stream)
            left -= 1
            if not left:
                return held
        held.close()
        return None
