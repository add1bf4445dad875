"""Combine the traces of a suite's themes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from covernance.reuse import trace_file
from covernance.reuse.evidence import Seen
from covernance.reuse.seen import Sightings
from covernance.reuse.trace_file import SEPARATOR, read_trace

NOT_TRACED = "a pass was not traced"
"""Why nothing is known of what a process of the tests read."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a suite's themes, from their traces.

    Attributes:
        seen: The paths that they read, looked for or listed, with the first state seen.
        installed: Files of the installed environment that they read, with their stamps.
        programs: Untraced programs that they started.
        refusals: Why they may depend on more than this.
    """

    seen: Seen
    installed: frozenset[tuple[str, str]]
    programs: tuple[str, ...]
    refusals: tuple[str, ...]


def gather(announcements: Mapping[str, str], root: Path) -> Gathered:
    """Read the traces of a suite's themes.

    Args:
        announcements: The announcement of the process that began a trace, by the trace's path.
        root: The repository's root.
    """
    sightings = Sightings(root)
    installed: set[tuple[str, str]] = set()
    programs: set[str] = set()
    refusals: set[str] = set()
    for file, announcement in announcements.items():
        entries = list(read_trace(Path(file)))
        refusals |= {
            f"a trace is incomplete: {entry.what}"
            for entry in entries
            if entry.kind == trace_file.BROKEN
        }
        if not refusals and (not entries or entries[0][:2] != (trace_file.BEGAN, announcement)):
            refusals.add(NOT_TRACED)
        elif not refusals and entries[0].state != trace_file.SCHEMA:
            schema = entries[0].state
            refusals.add(f"the trace has schema {schema}; install one version of covernance")
        refusals |= set(_connections(entries))
        programs |= set(_untraced(entries))
        installed |= {entry[1:] for entry in entries if entry.kind == trace_file.INSTALLED}
        made: set[str] = set()
        for kind, what, state in entries:
            if kind == trace_file.MADE:
                made.add(what)
            elif kind in Seen.__struct_fields__ and not _below(what, made):
                sightings.add(kind, what, state)
    return Gathered(
        seen=sightings.seen(),
        installed=frozenset(installed),
        programs=tuple(sorted(programs)),
        refusals=tuple(sorted(refusals)),
    )


def _below(path: str, made: set[str]) -> bool:
    """Whether the run created a path, or a folder above it."""
    while path:
        if path in made:
            return True
        path = path.rpartition("/")[0]
    return False


def _connections(entries: Iterable[trace_file.Entry]) -> Iterator[str]:
    """Connections to anything that the run did not start itself."""
    bound = {entry.what for entry in entries if entry.kind == trace_file.BOUND}
    for entry in entries:
        if entry.kind != trace_file.CONNECTED:
            continue
        host, _, port = entry.what.partition(SEPARATOR)
        if host != trace_file.LOOPBACK or not bound & {port, "0"}:
            yield f"it connected to {entry.what.replace(SEPARATOR, ':')}"


def _untraced(entries: Iterable[trace_file.Entry]) -> Iterator[str]:
    """Programs that were started more often than they announced themselves.

    One start can be recorded in several ways, so each way is counted separately.
    """
    began = Counter(entry.what for entry in entries if entry.kind == trace_file.BEGAN)
    started = Counter(entry[1:] for entry in entries if entry.kind == trace_file.STARTED)
    for (what, state), number in started.items():
        if number > began[what]:
            yield state.partition(SEPARATOR)[2]
