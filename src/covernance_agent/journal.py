"""What the processes of a pass note of what they do, in one file, in the order of the events."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from os import close, unlink, write
from os import open as open_descriptor
from typing import NamedTuple

SCHEMA = "1"
"""The version of the trace: the state of the entry with which a process announces itself."""

SETTINGS = "COVERNANCE_TRACE"
"""The variable that carries `Settings`, as JSON, to the processes of a pass."""

READ, EXAMINED, ASKED, LISTED = ("read", "examined", "asked", "listed")
"""What was done with a path: read; examined for permissions and size; asked for; listed."""

INSTALLED = "installed"
"""A file of the installed environment was read; its content is looked at after the pass."""

MADE, CONNECTED, BOUND = ("made", "connected", "bound")
"""Products and sockets."""

STARTED, BEGAN, BROKEN = ("started", "began", "broken")
"""Processes as they are started, processes as they announce themselves, a hole in the trace."""

SEPARATOR = "\x1f"
"""Between the words of one field."""

LOOPBACK = "loopback"
"""The host of a connection that stays on this machine."""

_NO_NAME = "\N{REPLACEMENT CHARACTER}"
"""For the byte that ends a field; nothing can have it in its name, but anybody may ask."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Settings(NamedTuple):
    """Where to note, and what not; folders end in a slash.

    Attributes:
        file: The trace of the pass.
        own: Folders that the run itself writes.
        installed: Folders of the installed environment: what is read there is noted by name.
        known: Folders of the standard library, which the interpreter's version stands for.
    """

    file: str
    own: tuple[str, ...]
    installed: tuple[str, ...]
    known: tuple[str, ...]

    def encode(self) -> str:
        """As the value of `SETTINGS`."""
        return json.dumps(self)


def decode(text: str) -> Settings:
    """Read what `Settings.encode` wrote."""
    file, *folders = json.loads(text)
    return Settings(file, *map(tuple, folders))


def command(parent: int, arguments: Iterable[str]) -> str:
    """How a process is known to the one that started it and to itself."""
    return SEPARATOR.join((str(parent), *arguments))


class Journal:
    """Appends entries; several processes may append to one file."""

    def __init__(self, file: str) -> None:
        """Append to `file`."""
        self._file = file

    def note(self, kind: str, what: str, state: str = "") -> None:
        """Append one entry. The file is opened each time: programs close descriptors.

        Raises:
            OSError: It can't be written whole.
        """
        fields = (kind, what.replace("\0", _NO_NAME), state.replace("\0", _NO_NAME), "")
        entry = "\0".join(fields).encode("utf-8", "surrogateescape")
        descriptor = open_descriptor(self._file, _FLAGS, 0o644)
        try:
            if write(descriptor, entry) != len(entry):
                msg = f"{self._file}: an entry was cut short"
                raise OSError(msg)
        finally:
            close(descriptor)

    def give_up(self, error: Exception) -> None:
        """Note that the trace has a hole; where that can't be noted, leave no trace at all."""
        try:
            self.note(BROKEN, f"{type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001 - a full disk, a folder that is gone
            with suppress(OSError):
                unlink(self._file)
