"""The trace file, in which the agent records what the processes of a pass do.

An entry is three fields, each terminated by NUL: its kind, its subject, the state of the subject.
`covernance_agent.journal` writes this format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SCHEMA = "1"
"""The version of the format. Each process announces itself with the version that it writes."""

VARIABLE = "COVERNANCE_TRACE"
"""The variable that enables tracing; its value is `TraceSettings.encode()`."""

READ, EXAMINED, ASKED, LISTED = ("read", "examined", "asked", "listed")
"""Uses of a path: content read; permissions or size read; existence checked; folder listed."""

INSTALLED = "installed"
"""A file of the installed environment was read; its content is read after the pass."""

MADE, CONNECTED, BOUND = ("made", "connected", "bound")
"""Created files, connections and bound sockets."""

STARTED, BEGAN, BROKEN = ("started", "began", "broken")
"""Started processes, announcements of traced processes, gaps in the trace."""

SEPARATOR = "\x1f"
"""Between the words of one field."""

LOOPBACK = "loopback"
"""The host of a connection that stays on this machine."""

_FIELDS = 3


class TraceSettings(NamedTuple):
    """Where to write the trace and what to leave out; folders end in a slash.

    Attributes:
        file: The trace.
        own: Folders that the run itself writes.
        installed: Folders of the installed environment, in which files are recorded by name only.
        known: Folders of the standard library, which the interpreter's version determines.
    """

    file: str
    own: tuple[str, ...]
    installed: tuple[str, ...]
    known: tuple[str, ...]

    def encode(self) -> str:
        """Encode as the value of `VARIABLE`."""
        return json.dumps(self)


class Entry(NamedTuple):
    """One entry of a trace: its kind, its subject, and the state of the subject."""

    kind: str
    what: str
    state: str


def announcement(parent: int, arguments: Iterable[str]) -> str:
    """The announcement of a process: the id of its parent, and its arguments."""
    return SEPARATOR.join((str(parent), *arguments))


def read_trace(file: Path) -> Iterator[Entry]:
    """Read the entries of a trace, in the order of events.

    A trace that is missing, truncated or not UTF-8 yields an entry of the kind `BROKEN`.
    """
    try:
        *fields, rest = file.read_bytes().decode().split("\0")
    except (OSError, UnicodeDecodeError) as error:
        yield Entry(BROKEN, f"the trace can't be read: {error}", "")
        return
    if rest or len(fields) % _FIELDS:
        yield Entry(BROKEN, "the trace is truncated", "")
        return
    for start in range(0, len(fields), _FIELDS):
        yield Entry(*fields[start : start + _FIELDS])
