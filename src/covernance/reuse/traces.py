"""From the traces of a suite's passes to what the suite saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from covernance.reuse import trace_file
from covernance.reuse.evidence import Seen
from covernance.reuse.seen import Sightings
from covernance.reuse.trace_file import SEPARATOR, read_trace


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What the passes of one suite did.

    Attributes:
        seen: The paths that they read, asked for or listed, in the state of first sight.
        installed: Files of the installed environment that they read, with their stamps.
        programs: Programs that they started and that were not traced.
        refusals: Why what they saw is not all that they depended on.
    """

    seen: Seen
    installed: frozenset[tuple[str, str]]
    programs: tuple[str, ...]
    refusals: tuple[str, ...]


def gather(passes: Mapping[str, str], root: Path) -> Gathered:
    """Read the trace of every pass.

    Args:
        passes: By the trace's file, how the process of the pass announces itself.
        root: The repository's root.
    """
    sightings = Sightings(root)
    installed: set[tuple[str, str]] = set()
    programs: set[str] = set()
    refusals: set[str] = set()
    for file, announcement in passes.items():
        entries = list(read_trace(Path(file)))
        refusals |= {
            f"a trace is not whole: {e.what}" for e in entries if e.kind == trace_file.BROKEN
        }
        if not refusals and (not entries or entries[0][:2] != (trace_file.BEGAN, announcement)):
            refusals.add("tracing did not reach the process of a pass")
        elif not refusals and entries[0].state != trace_file.SCHEMA:
            refusals.add(f"the trace is of schema {entries[0].state}; install one covernance")
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
    """Whether the run made a path, or a folder above it."""
    while path:
        if path in made:
            return True
        path = path.rpartition("/")[0]
    return False


def _connections(entries: Iterable[trace_file.Entry]) -> Iterator[str]:
    """What was talked to and did not belong to the run."""
    bound = {entry.what for entry in entries if entry.kind == trace_file.BOUND}
    for entry in entries:
        if entry.kind != trace_file.CONNECTED:
            continue
        host, _, port = entry.what.partition(SEPARATOR)
        if host != trace_file.LOOPBACK or not bound & {port, "0"}:
            yield f"it talked to {entry.what.replace(SEPARATOR, ':')}"


def _untraced(entries: Iterable[trace_file.Entry]) -> Iterator[str]:
    """Programs of which more were started than announced themselves.

    One start can be seen in several ways, so the ways are counted apart.
    """
    began = Counter(entry.what for entry in entries if entry.kind == trace_file.BEGAN)
    started = Counter(entry[1:] for entry in entries if entry.kind == trace_file.STARTED)
    for (what, state), number in started.items():
        if number > began[what]:
            yield state.partition(SEPARATOR)[2]
