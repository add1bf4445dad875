"""States of paths, each read once and named as in evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from covernance.reuse import path_states
from covernance.reuse.evidence import Seen
from covernance.reuse.trace_file import ASKED, EXAMINED, LISTED, READ

CHANGED_MEANWHILE = "changed while the suite ran"
"""Sentinel that never equals a real state."""

_STATES: dict[str, Callable[[str], str]] = {
    READ: path_states.content,
    EXAMINED: path_states.metadata,
    ASKED: path_states.kind,
    LISTED: path_states.names,
}


class Looks:
    """Reads and caches the states of paths."""

    def __init__(self, root: Path) -> None:
        """Read paths that are absolute or relative to `root`."""
        self._root = str(root)
        self._known: dict[tuple[str, str], str] = {}

    def look(self, kind: str, path: str) -> str:
        """The state of a path."""
        key = (kind, path)
        if key not in self._known:
            self._known[key] = _STATES[kind](self._absolute(path))
        return self._known[key]

    def again(self, seen: Seen) -> Seen:
        """The current states of the same paths."""
        return Seen(
            **{
                kind: {path: self.look(kind, path) for path in getattr(seen, kind)}
                for kind in _STATES
            }
        )

    def _absolute(self, path: str) -> str:
        if path == ".":
            return self._root
        return path if path.startswith("/") else f"{self._root}/{path}"


class Sightings:
    """Collects states of paths. Different states of one path become `CHANGED_MEANWHILE`."""

    def __init__(self, root: Path) -> None:
        """Name paths in `root` relative to it."""
        self._root = str(root)
        self._states: dict[str, dict[str, str]] = {kind: {} for kind in _STATES}

    def add(self, kind: str, path: str, state: str) -> None:
        """Add one state."""
        name = "." if path == self._root else path.removeprefix(f"{self._root}/")
        if self._states[kind].setdefault(name, state) != state:
            self._states[kind][name] = CHANGED_MEANWHILE

    def update(self, seen: Seen) -> None:
        """Add all states of another collection."""
        for kind in _STATES:
            for path, state in getattr(seen, kind).items():
                self.add(kind, path, state)

    def seen(self) -> Seen:
        """The collected states."""
        return Seen(**self._states)
