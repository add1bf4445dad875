"""Convert the paths that a run saw to the inputs of its snapshot: paths of a commit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from covernance.git.listing import Tracked
from covernance.model.inputs import KINDS, Inputs, make_inputs
from covernance.model.paths import list_folders_above
from covernance.reuse.evidence import Seen
from covernance.reuse.path_states import ABSENT, IGNORED_NAMES
from covernance.reuse.seen import CHANGED_MEANWHILE, Looks
from covernance.reuse.trace_file import ASKED, LISTED, READ
from covernance.reuse.traces import Gathered

_MOST_LINKS = 40
_FOLDER = "directory"


def list_inputs(
    root: Path, traced: Gathered, declared: Seen, parts: Seen, tracked: Tracked | None
) -> Inputs:
    """List the paths of the repository that a run depended on.

    A path that the run saw in a state other than the commit's is a refusal: a file that git
    ignores, or one that was edited during the run. The caller checks whether the work tree
    matches the commit otherwise.

    Args:
        root: The folder of pyproject.toml.
        traced: The traces of the run.
        declared: Files that the table lists as read by the run.
        parts: The files of the suite, whether the run read them or not.
        tracked: The files that git tracks; None outside a checkout.
    """
    listing = _Listing(root, tracked)
    for kind in KINDS:
        for seen in (traced.seen, declared):
            for path, state in getattr(seen, kind).items():
                listing.add(kind, path, state)
                listing.check(kind, path, state)
        for path, state in getattr(parts, kind).items():
            listing.add(kind, path, state)
    return make_inputs(listing.paths, traced.programs, [*traced.refusals, *listing.refusals()])


class _Listing:
    """Collects paths by kind, and problems with them."""

    def __init__(self, root: Path, tracked: Tracked | None) -> None:
        self.paths: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self._root = os.path.realpath(root)
        self._given = str(root)
        self._top = tracked.top if tracked else self._root
        self._tracked = tracked
        self._looks = Looks(root)
        self._ways = Ways()
        self._changed: set[str] = set()
        self._untracked: set[str] = set()
        self._unnamed: set[str] = set()

    def add(self, kind: str, path: str, state: str) -> None:
        """Add a path and the links on the way to it."""
        way = self._ways.follow(self._absolute(path))
        end = way.end
        for link in way.links:
            self._add(READ, self._name(link))
        for folder in way.folders:
            self._add(ASKED, self._name(folder))
        if kind == LISTED and self._ways.is_folder(end):
            self._add(LISTED, self._name(end))
            for link in self._ways.links_in(end) if self._name(end) else ():
                self.add(ASKED, link, ABSENT)  # A listing shows whether a link leads to a folder.
        elif state.startswith(ABSENT):
            # It can only be created together with the first missing folder on the way.
            self._add(ASKED, self._name(self._ways.first_missing(end)))
        elif state.startswith(_FOLDER) and kind != LISTED:
            self._add(ASKED, self._name(end))  # git stores nothing else about a folder
        else:
            self._add(kind, self._name(end))

    def check(self, kind: str, path: str, state: str) -> None:
        """Check that the run saw a path in the state it has in the commit."""
        name = self._name(self._ways.follow(self._absolute(path)).end)
        if name is None or kind == LISTED or self._tracked is None:
            return
        if kind == ASKED and IGNORED_NAMES.intersection(name.split("/")):
            return  # such as `.git`: these may appear or vanish between two equal runs
        if state == CHANGED_MEANWHILE:
            self._changed.add(name)
        elif self._is_tracked(name):
            if self._looks.look(kind, path) != state:
                self._changed.add(name)
        elif not state.startswith((ABSENT, _FOLDER)):
            self._untracked.add(name)

    def refusals(self) -> Iterator[str]:
        """Why the run may depend on more than the listed paths."""
        for names, problem in (
            (self._changed, "changed while the suite ran"),
            (self._untracked, "was read or looked for but is not part of the commit"),
            (self._unnamed, "has a name that is not UTF-8"),
        ):
            if names:
                first, *more = sorted(names)
                yield f"{first}{f' (and {len(more)} more)' if more else ''} {problem}"

    def _add(self, kind: str, name: str | None) -> None:
        if name is None:
            return
        try:
            name.encode()
        except UnicodeEncodeError:
            self._unnamed.add(repr(name))
        else:
            self.paths[kind].add(name)

    def _absolute(self, path: str) -> str:
        return self._given if path == "." else str(Path(self._given, path))

    def _name(self, path: str) -> str | None:
        """The name of an absolute path relative to the root; None outside the checkout."""
        if path == self._root:
            return "."
        if path.startswith(f"{self._root}/"):
            return path.removeprefix(f"{self._root}/")
        if f"{path}/".startswith(f"{self._top}/"):
            return os.path.relpath(path, self._root)
        return None

    def _is_tracked(self, name: str) -> bool:
        """Whether git tracks a file, or the submodule that contains it."""
        names = self._tracked.names if self._tracked else frozenset()
        return name in names or any(folder in names for folder in list_folders_above(name))


class Way(NamedTuple):
    """How an absolute path resolves through symbolic links.

    Attributes:
        links: The links.
        folders: The folders followed by `..`, which must exist.
        end: The resolved path, without links. It need not exist.
    """

    links: tuple[str, ...]
    folders: tuple[str, ...]
    end: str


class Ways:
    """Resolves paths through symbolic links, and reads each step once."""

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._targets: dict[str, str | None] = {}
        self._folders: dict[str, bool] = {}

    def follow(self, path: str) -> Way:
        """Resolve an absolute path. A circular one ends at one of its links."""
        waiting = path.split("/")[::-1]
        here = ""
        links: list[str] = []
        folders: list[str] = []
        while waiting:
            part = waiting.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                if here and not self.is_folder(here):
                    break
                folders.append(here)
                here = here.rpartition("/")[0]
                continue
            here = f"{here}/{part}"
            target = self._target(here) if len(links) < _MOST_LINKS else None
            if target is not None:
                links.append(here)
                waiting += target.split("/")[::-1]
                here = "" if target.startswith("/") else here.rpartition("/")[0]
        return Way(tuple(links), tuple(folders), here or "/")

    def first_missing(self, path: str) -> str:
        """The first step of an absolute path without links that is not a folder."""
        while (folder := path.rpartition("/")[0]) and not self.is_folder(folder):
            path = folder
        return path

    def links_in(self, folder: str) -> Iterator[str]:
        """The symbolic links in a folder."""
        with suppress(OSError), os.scandir(folder) as entries:
            yield from (entry.path for entry in entries if entry.is_symlink())

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at an absolute path."""
        if path not in self._folders:
            self._folders[path] = os.path.isdir(path)  # noqa: PTH112 - as above
        return self._folders[path]

    def _target(self, path: str) -> str | None:
        """Where a symbolic link points; None for everything else."""
        if path not in self._targets:
            try:
                self._targets[path] = os.readlink(path)  # noqa: PTH115 - many strings
            except OSError:
                self._targets[path] = None
        return self._targets[path]
