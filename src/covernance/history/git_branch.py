"""A store that is a git branch with one small file per snapshot; meant for CI.

The branch is separate from the code. Its commits are written without a checkout, so the work tree,
the index, HEAD and every other branch do not change. With a remote, the remote's branch is the
store: added snapshots are on the remote when `add` returns. Without a remote, the local branch of
the same name is the store.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar, Self

from covernance import files
from covernance.context import Context
from covernance.errors import InputError, MachineError
from covernance.git.commits import write_commit
from covernance.git.runner import Git, GitError, Objects, readable
from covernance.history import names
from covernance.history.store import Entry, decode, group_by_entry, select_entries
from covernance.model.snapshot import Snapshot
from covernance.model.text import join_some, short_commit

_ATTEMPTS = 40
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 4.0
_IDENTITY = {
    "GIT_COMMITTER_NAME": "covernance",
    "GIT_COMMITTER_EMAIL": "covernance@localhost",
}

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-prune",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--refmap=",
)
_PUSH = (
    "push",
    "--porcelain",
    "--no-verify",
    "--no-signed",
    "--no-follow-tags",
    "--recurse-submodules=no",
)

# What a server reports if another push came first; anything else is an error.
_RACES = ("cannot lock ref", "failed to update ref", "incorrect old value", "already exists")


class _RaceError(Exception):
    """Another writer moved the branch first."""


class GitBranch:
    """Snapshots on one branch of a repository; also works in shallow clones and worktrees."""

    is_shared: ClassVar = True
    has_remote: ClassVar = True

    def __init__(
        self,
        root: Path,
        *,
        branch: str = "coverage-history",
        remote: str | None = None,
        environ: Mapping[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Store snapshots on `branch`.

        Args:
            root: A folder of the checkout.
            branch: The branch's name, without `refs/heads/`.
            remote: The name of the remote that holds the branch; None for a local branch.
            environ: The environment of the git commands, by default this process's.
            pause: Sleeps for the given number of seconds.

        Raises:
            InputError: There is no repository or remote, or the branch name is invalid.
            MachineError: git is missing.
        """
        self._environ = os.environ if environ is None else environ
        self._git = Git(root, self._environ)
        self._pause = pause
        self._remote = remote
        self._local = f"refs/heads/{branch}"
        self._tracking = f"refs/remotes/{remote}/{branch}"
        self._name = f"{remote}/{branch}" if remote else branch
        self._seen: str | None = None
        try:
            common = self._git.run("rev-parse", "--git-common-dir")
        except GitError as error:
            raise InputError(
                f"{root} is not in a usable git repository: {error}; use the directory store"
            ) from error
        self._lock = root / os.fsdecode(common.rstrip(b"\n")) / "covernance-history.lock"
        if self._git.ask("check-ref-format", self._local) is None:
            raise InputError(
                f"{branch!r} is not a valid branch name; correct --store-branch, or `branch` in "
                "[tool.covernance.history]"
            )
        if remote is not None and remote not in (known := remotes(root, self._environ)):
            listed = join_some(known) or "none"
            raise InputError(f"remote {remote!r} does not exist; remotes: {listed}")

    @classmethod
    def open(cls, context: Context, *, branch: str, remote: str | None) -> Self:
        """Open the branch of the repository; raises what `GitBranch` does."""
        return cls(context.root, branch=branch, remote=remote, environ=context.environ)

    @property
    def place(self) -> str:
        """The branch, and the remote that holds it."""
        return f"the branch {self._name}"

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        """Store snapshots; see `Store.add`.

        Raises:
            InputError: A snapshot has an invalid field; none is stored.
            MachineError: The branch can't be read or written; it is unchanged.
        """
        wanted = group_by_entry(snapshots)
        paths = {entry: names.path_of(entry) for entry in wanted}

        def absent(tip: str | None) -> list[Entry]:
            stored = self._names_in(tip, {names.folder_of(entry) for entry in paths})
            return [
                entry
                for entry in paths
                if not any(names.is_run(name, entry) for name in stored[names.folder_of(entry)])
            ]

        def change(entries: Sequence[Entry]) -> dict[str, bytes | None]:
            return {paths[entry]: wanted[entry].encode() for entry in entries}

        return self._commit("Add", absent, change)

    def entries(self, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        """List the stored snapshots; see `Store.entries`.

        Raises:
            InputError: A file's name is not that of a snapshot.
            MachineError: The branch can't be read.
        """
        self._seen = self._newest()
        stored = (names.entry_at(path) for path in self._paths(self._seen))
        return select_entries(stored, suite=suite, branch=branch)

    def read(self, entry: Entry) -> Snapshot:
        """Return a snapshot as of the last `entries`; see `Store.read`.

        Raises:
            InputError: The file does not exist, is damaged, or holds another result.
            MachineError: The branch can't be read.
        """
        path = names.path_of(entry)
        where = f"{self._name}: {path}"
        if self._seen is None:
            self._seen = self._newest()
        blob = self._objects.read(f"{self._seen}:{path}") if self._seen else None
        if blob is None:
            raise InputError(f"{where} does not exist")
        return decode(blob[1], entry, where)

    def prune(self, old_entries: Sequence[Entry]) -> None:
        """Delete files with a new commit; the commits that added them remain.

        Raises:
            MachineError: The branch can't be read or written; it is unchanged.
        """
        paths = {entry: names.path_of(entry) for entry in select_entries(old_entries)}

        def present(tip: str | None) -> list[Entry]:
            stored = set(self._paths(tip)) if paths else set()
            return [entry for entry, path in paths.items() if path in stored]

        self._commit("Delete", present, lambda entries: {paths[entry]: None for entry in entries})

    def _commit(
        self,
        verb: str,
        affected: Callable[[str | None], list[Entry]],
        change: Callable[[Sequence[Entry]], Mapping[str, bytes | None]],
    ) -> list[Entry]:
        """Add one commit to the branch; start over whenever another writer was faster."""
        pause, reason = _FIRST_PAUSE, ""
        for _ in range(_ATTEMPTS):
            with self._turn():
                tip = self._tip()
                entries = affected(tip)
                if not entries:
                    return []
                commit = write_commit(
                    self._git,
                    tip,
                    change(entries),
                    message=f"{verb} {_named(entries)}\n",
                    committer=self._committer(),
                )
                try:
                    self._publish(commit, tip)
                except _RaceError as error:
                    reason = str(error)
                else:
                    self._seen = commit
                    return entries
            self._pause(secrets.SystemRandom().uniform(0, pause))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise MachineError(
            f"{self._name}: other writers were faster {_ATTEMPTS} times ({reason}); try again"
        )

    def _turn(self) -> AbstractContextManager[None]:
        """Make the processes that use one clone take turns, because they share its refs."""
        return files.locked(self._lock)

    @cached_property
    def _objects(self) -> Objects:
        return self._git.objects()

    def _newest(self) -> str | None:
        with self._turn() if self._remote else nullcontext():
            return self._tip()

    def _tip(self) -> str | None:
        """Find the newest commit of the branch, fetching it if necessary; None before the first.

        As long as the remote does not have the branch, it will start from the local one.
        """
        if self._remote is not None and (tip := self._remote_tip(self._remote)):
            return tip
        return self._git.ask("rev-parse", "--verify", "--quiet", f"{self._local}^{{commit}}")

    def _remote_tip(self, remote: str) -> str | None:
        """Find the remote's newest commit, fetching it if new; the user's refs do not change."""
        try:
            # ls-remote matches the end of names, so it may list other refs, too.
            listed = self._git.run("ls-remote", remote, self._local).decode(errors="replace")
            refs = dict(line.split("\t")[::-1] for line in listed.splitlines())
            newest = refs.get(self._local)
            known = self._git.ask("rev-parse", "--verify", "--quiet", self._tracking)
            if newest in {None, known}:
                return newest
            shallow = self._git.ask("rev-parse", "--is-shallow-repository") == "true"
            depth = ["--depth=1"] if shallow else []
            self._git.run(*_FETCH, *depth, remote, f"+{self._local}:{self._tracking}")
        except GitError as error:
            raise MachineError(
                f"{self._name}: can't be fetched: {error}; check the remote and the credentials"
            ) from error
        return self._git.run("rev-parse", "--verify", self._tracking).decode().strip()

    def _names_in(self, tip: str | None, folders: Collection[str]) -> dict[str, set[str]]:
        """List the names directly in each folder; none if the folder does not exist.

        Raises:
            MachineError: The branch has a file in place of a folder; git would replace it.
        """
        stored: dict[str, set[str]] = {folder: set() for folder in folders}
        if tip is None or not folders:
            return stored
        parent_folders = {
            parent.as_posix()
            for folder in folders
            for parent in (PurePosixPath(folder), *PurePosixPath(folder).parents)
            if parent.name
        }
        # With a trailing slash ls-tree lists a folder's content, without one the entry itself; of
        # a folder above another that is asked for, it lists the other entries too.
        patterns = sorted({*parent_folders, *(f"{folder}/" for folder in folders)})
        for line in self._git.fields("ls-tree", "-z", "--full-tree", tip, "--", *patterns):
            kind, _, path = line.partition("\t")
            if path in parent_folders and " tree " not in kind:
                raise MachineError(
                    f"{self._name}: {path} is a file, but snapshots need a folder there; remove or "
                    "rename the file"
                )
            folder, _, name = path.rpartition("/")
            if folder in stored:
                stored[folder].add(name)
        return stored

    def _paths(self, tip: str | None) -> Iterator[str]:
        if tip is not None:
            listed = self._git.fields("ls-tree", "-r", "-z", "--full-tree", "--name-only", tip)
            yield from filter(names.is_snapshot, listed)

    def _committer(self) -> str:
        return self._git.run("var", "GIT_COMMITTER_IDENT", environ=self._identity).decode().strip()

    @cached_property
    def _identity(self) -> dict[str, str]:
        """Variables that name the committer if git's configuration does not."""
        configured = self._git.ask("config", "--get-regexp", r"^user\.(name|email)$") or ""
        if {line.split()[0] for line in configured.splitlines()} == {"user.name", "user.email"}:
            return {}
        return {name: self._environ.get(name) or value for name, value in _IDENTITY.items()}

    def _publish(self, commit: str, tip: str | None) -> None:
        """Make `commit` the newest commit of the branch, provided that `tip` still is."""
        if self._remote is not None:
            self._push(self._remote, commit)
            return
        worktrees = self._git.run("worktree", "list", "--porcelain").splitlines()
        if f"branch {self._local}".encode() in worktrees:
            raise MachineError(
                f"{self._name} is checked out, and covernance never changes a checked-out branch; "
                "check out another branch first"
            )
        try:
            self._git.run("update-ref", self._local, commit, tip or "0" * len(commit))
        except GitError as error:
            if self._tip() == tip:
                raise
            raise _RaceError(error) from error

    def _push(self, remote: str, commit: str) -> None:
        try:
            output = self._git.run(*_PUSH, remote, f"{commit}:{self._local}")
        except GitError as error:
            answer = _answer(error.output)
            if answer.startswith("[rejected]") or any(race in answer for race in _RACES):
                raise _RaceError(answer) from error
            raise MachineError(
                f"{self._name}: the push was rejected: {answer or 'no answer'}: {error}; "
                "check that this user has write access"
            ) from error
        if b"\n=\t" in output:
            raise _RaceError("another writer pushed the same commit")


def remotes(root: Path, environ: Mapping[str, str]) -> list[str]:
    """List the remotes of the repository that contains `root`."""
    return (Git(root, environ).ask("remote") or "").splitlines()


def _answer(output: bytes) -> str:
    """Parse the status in `push --porcelain`: `!<tab>from:to<tab>[rejected] (fetch first)`."""
    for line in output.splitlines():
        if line.startswith(b"!\t"):
            return readable(line.split(b"\t")[-1])
    return ""


def _named(entries: Sequence[Entry]) -> str:
    if len({entry.commit for entry in entries}) > 1:
        return f"{len(entries)} snapshots"
    return f"{', '.join(entry.suite for entry in entries)} of {short_commit(entries[0].commit)}"
