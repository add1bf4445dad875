"""The file in which the traced processes of a pass note what they do, as the agent writes it.

An entry is three fields, each ended by a NUL: its kind, what it is about, the state that was seen.
`covernance_agent.journal` has the other side of this.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SCHEMA = "1"
"""The version that is read here; a process announces itself with the one that it writes."""

VARIABLE = "COVERNANCE_TRACE"
"""The variable that switches tracing on; its value is `TraceSettings.encode()`."""

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

_FIELDS = 3


class TraceSettings(NamedTuple):
    """Where to note, and what not; folders end in a slash.

    Attributes:
        file: The trace of the pass.
        own: Folders that the run itself writes.
        installed: Folders of the installed environment: what is read there is noted by name.
        known: Folders of the standard library, which the interpreter's version determines.
    """

    file: str
    own: tuple[str, ...]
    installed: tuple[str, ...]
    known: tuple[str, ...]

    def encode(self) -> str:
        """As the value of `VARIABLE`."""
        return json.dumps(self)


class Entry(NamedTuple):
    """One thing that was noted: its kind, what it is about, and the state that was seen."""

    kind: str
    what: str
    state: str


def announcement(parent: int, arguments: Iterable[str]) -> str:
    """How a process announces itself: the process that started it, and its arguments."""
    return SEPARATOR.join((str(parent), *arguments))


def read_trace(file: Path) -> Iterator[Entry]:
    """The entries of a trace in the order of their events.

    A trace that is missing, cut short or not in UTF-8 gives an entry of the kind `BROKEN`.
    """
    try:
        *fields, rest = file.read_bytes().decode().split("\0")
    except (OSError, UnicodeDecodeError) as error:
        yield Entry(BROKEN, f"the trace can't be read: {error}", "")
        return
    if rest or len(fields) % _FIELDS:
        yield Entry(BROKEN, "the trace is cut short", "")
        return
    for start in range(0, len(fields), _FIELDS):
        yield Entry(*fields[start : start + _FIELDS])
