"""The trace of a pass: one file in which its processes record events in order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from os import close, unlink, write
from os import open as open_descriptor
from typing import NamedTuple

SCHEMA = "1"
"""The version of the trace: the state of the entry that each process writes when it starts."""

SETTINGS = "COVERNANCE_TRACE"
"""The variable that carries `Settings`, as JSON, to the processes of a pass."""

READ, EXAMINED, ASKED, LISTED = ("read", "examined", "asked", "listed")
"""Uses of a path: its content, its permissions and size, its existence, its list of names."""

INSTALLED = "installed"
"""A file of the installed environment was read; its content is hashed after the pass."""

MADE, CONNECTED, BOUND = ("made", "connected", "bound")
"""A file or folder was created, a socket connected, a socket bound."""

STARTED, BEGAN, BROKEN = ("started", "began", "broken")
"""A process was started, a process began to trace itself, the trace is incomplete."""

SEPARATOR = "\x1f"
"""Separates the words of one field."""

LOOPBACK = "loopback"
"""The host of a connection that stays on this machine."""

_NO_NAME = "\N{REPLACEMENT CHARACTER}"
"""Replaces NUL, which ends a field. No file has it in its name, but a program may ask for one."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Settings(NamedTuple):
    """Where to write the trace, and which folders to leave out; folders end in a slash.

    Attributes:
        file: The trace of the pass.
        own: Folders that the run itself writes to; not recorded.
        installed: Folders of the installed environment: reads there are recorded without content.
        known: Folders of the standard library; not recorded, as the interpreter's version is.
    """

    file: str
    own: tuple[str, ...]
    installed: tuple[str, ...]
    known: tuple[str, ...]

    def encode(self) -> str:
        """Encode the settings as the value of `SETTINGS`."""
        return json.dumps(self)


def decode(text: str) -> Settings:
    """Read what `Settings.encode` wrote."""
    file, *folders = json.loads(text)
    return Settings(file, *map(tuple, folders))


def command(parent: int, arguments: Iterable[str]) -> str:
    """The key of a process, by which its parent and the process itself record it."""
    return SEPARATOR.join((str(parent), *arguments))


class Journal:
    """Appends entries; several processes may append to one file."""

    def __init__(self, file: str) -> None:
        """Append to `file`."""
        self._file = file

    def note(self, kind: str, what: str, state: str = "") -> None:
        """Append one entry. The file is opened each time, because programs may close descriptors.

        Raises:
            OSError: The entry can't be written completely.
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
        """Record that the trace is incomplete; if that fails, delete the trace."""
        try:
            self.note(BROKEN, f"{type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001 - a full disk, a deleted folder
            with suppress(OSError):
                unlink(self._file)
