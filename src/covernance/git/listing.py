"""List the files that git tracks, and those that differ between a commit and the work tree.

Names are relative to a given folder of the checkout; names outside of it begin with `..`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from posixpath import relpath
from typing import NamedTuple

import msgspec

from covernance.errors import MachineError
from covernance.git.index_copy import copied_index
from covernance.git.runner import Git
from covernance.model.inputs import Difference
from covernance.model.paths import is_below, list_folders_above

_SUBMODULE = "160000"
_DIFF = (
    "diff",
    "--raw",
    "-z",
    "--no-renames",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-ext-diff",
    "--no-textconv",
)


class Tracked(msgspec.Struct, frozen=True):
    """The files that git tracks in a checkout.

    Attributes:
        top: The root of the checkout, as an absolute path without links.
        names: Files, links and submodules.
    """

    top: str
    names: frozenset[str]


def list_tracked(root: Path) -> Tracked | None:
    """List the files that git tracks in the checkout of `root`; None without git or a checkout."""
    try:
        git, prefix = _open(root)
        names = git.fields("ls-files", "-z", "--full-name")
    except MachineError:
        return None
    return Tracked(git.top, frozenset(_relative(names, prefix)))


def list_python_files(root: Path, folders: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """List the tracked Python files that exist below each of several groups of folders, sorted.

    Links are left out: what they point to is measured under its own name. Without git there are
    none.
    """
    tracked = list_tracked(root)
    names = sorted(name for name in (tracked.names if tracked else ()) if name.endswith(".py"))
    return [
        tuple(name for name in names if is_below(name, group) and _is_plain(root / name))
        for group in folders
    ]


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def list_files(root: Path, paths: Iterable[str]) -> frozenset[str] | None:
    """List the files at or below some paths, tracked or not, without those that git ignores.

    A submodule, or another repository, is one name. None without git or a checkout.
    """
    options = ("--cached", "--others", "--exclude-standard")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    try:
        output = Git(root).run("ls-files", "-z", *options, "--", *paths, environ=literal)
    except MachineError:
        return None
    return frozenset(os.fsdecode(name).rstrip("/") for name in output.split(b"\0") if name)


def list_submodules(root: Path, commit: str | None = None) -> frozenset[str]:
    """List the submodules of a commit; by default those of the index.

    Raises:
        MachineError: git is missing or failed.
    """
    git, prefix = _open(root)
    command = ("ls-tree", "-r", "-z", "--full-tree", commit) if commit else ("ls-files", "-s", "-z")
    entries = (entry.partition("\t") for entry in git.fields(*command))
    names = [name for mode, _, name in entries if mode.startswith(_SUBMODULE)]
    return frozenset(_relative(names, prefix))


def list_differences(root: Path, commit: str) -> Difference:
    """Compare a commit with the work tree, including untracked files.

    Raises:
        MachineError: git is missing or failed.
    """
    git, prefix = _open(root)
    with copied_index(git, Path(git.top)) as environ:
        fields = iter(git.fields(*_DIFF, commit, "--", environ=environ))
    changed = [
        _Change(name, *what.strip(":").split()) for what, name in zip(fields, fields, strict=True)
    ]
    untracked = set(git.fields("ls-files", "-z", "--others", "--exclude-standard"))
    before = set(git.fields("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit))
    removed = {change.name for change in changed if change.status == "D"}
    added = {change.name for change in changed if change.status == "A"} | untracked
    old, now = _with_folders(before), _with_folders((before - removed) | added)
    replaced = {change.name for change in changed if change.replaces} | removed & now | added & old
    names = {
        "files": untracked.union(change.name for change in changed),
        "new": now - old,
        "gone": old - now,
        "replaced": replaced,
    }
    return Difference(**{kind: frozenset(_relative(some, prefix)) for kind, some in names.items()})


class _Change(NamedTuple):
    """One line of `git diff --raw`: a name, its modes and objects on both sides, and the status."""

    name: str
    mode_before: str
    mode_now: str
    object_before: str
    object_now: str
    status: str

    @property
    def replaces(self) -> bool:
        """Whether the type of the name has changed, or it is a submodule."""
        return self.status == "T" or _SUBMODULE in (self.mode_before, self.mode_now)


class _TopGit(Git):
    """Runs git at the root of a checkout."""

    def __init__(self, top: str) -> None:
        super().__init__(Path(top))
        self.top = top


def _open(root: Path) -> tuple[_TopGit, str]:
    """Open git at the root of the checkout of `root`, and return the path from there to `root`."""
    top, prefix = (
        os.fsdecode(line)
        for line in Git(root).run("rev-parse", "--show-toplevel", "--show-prefix").split(b"\n")[:2]
    )
    return _TopGit(top), prefix.removesuffix("/")


def _relative(names: Iterable[str], prefix: str) -> Iterable[str]:
    return (relpath(f"/{name}", f"/{prefix}") for name in names) if prefix else names


def _with_folders(names: Iterable[str]) -> set[str]:
    paths = set(names)
    for name in names:
        paths.update(list_folders_above(name))
    return paths
