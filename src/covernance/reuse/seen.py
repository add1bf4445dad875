"""Look at paths of the repository: each once, by the names that evidence knows them by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from covernance.reuse import path_states
from covernance.reuse.evidence import Seen
from covernance.reuse.trace_file import ASKED, EXAMINED, LISTED, READ

CHANGED_MEANWHILE = "changed while the suite ran"
"""In place of a state: equal to none."""

_STATES: dict[str, Callable[[str], str]] = {
    READ: path_states.content,
    EXAMINED: path_states.metadata,
    ASKED: path_states.kind,
    LISTED: path_states.names,
}


class Looks:
    """How paths look during the life of this object."""

    def __init__(self, root: Path) -> None:
        """Look at paths relative to `root`, and at absolute ones."""
        self._root = str(root)
        self._known: dict[tuple[str, str], str] = {}

    def look(self, kind: str, path: str) -> str:
        """The state of a path."""
        key = (kind, path)
        if key not in self._known:
            self._known[key] = _STATES[kind](self._absolute(path))
        return self._known[key]

    def again(self, seen: Seen) -> Seen:
        """The same paths as they look now."""
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
    """Collects states; two different ones of a path make one that is equal to none."""

    def __init__(self, root: Path) -> None:
        """Name paths relative to `root` where they lie in it."""
        self._root = str(root)
        self._states: dict[str, dict[str, str]] = {kind: {} for kind in _STATES}

    def add(self, kind: str, path: str, state: str) -> None:
        """Take over one state."""
        name = "." if path == self._root else path.removeprefix(f"{self._root}/")
        if self._states[kind].setdefault(name, state) != state:
            self._states[kind][name] = CHANGED_MEANWHILE

    def update(self, seen: Seen) -> None:
        """Take over all states of another collection."""
        for kind in _STATES:
            for path, state in getattr(seen, kind).items():
                self.add(kind, path, state)

    def seen(self) -> Seen:
        """What was collected."""
        return Seen(**self._states)
