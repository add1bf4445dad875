"""A branch of snapshots, one small file each, that only ever grows; the store of CI.

The branch has no files in common with the code. Its commits are written without a checkout, so the
work tree, the index, HEAD and every other branch stay as they are. With a remote its branch is the
truth: what is added is on the remote when `add` returns. Without one the local branch of the same
name is.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path, PurePosixPath

from covernance import files
from covernance.errors import InputError, MachineError
from covernance.git.commits import write_commit
from covernance.git.runner import Git, GitError, Objects, readable
from covernance.history import names
from covernance.history.store import Entry, decode, group_by_entry, select_entries
from covernance.model.snapshot import Snapshot

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

# What a server answers if another push came first; any other answer is an error.
_RACES = ("cannot lock ref", "failed to update ref", "incorrect old value", "already exists")


class _RaceError(Exception):
    """Another writer moved the branch first."""


class GitBranch:
    """Snapshots on one branch of one repository; shallow clones and worktrees will do."""

    def __init__(
        self,
        root: Path,
        *,
        branch: str = "coverage-history",
        remote: str | None = None,
        environ: Mapping[str, str] = os.environ,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Store snapshots on `branch`.

        Args:
            root: A folder of the checkout.
            branch: The branch's name, without `refs/heads/`.
            remote: The name of the remote that holds the branch; None for a branch of this
                repository alone.
            environ: The environment of the git commands.
            pause: Waits for so many seconds.

        Raises:
            InputError: There is no repository or no such remote, or the name is not a branch's.
            MachineError: There is no git.
        """
        self._git = Git(root, environ)
        self._environ = environ
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
                f"{root} is not in a git repository that can be used: {error}; "
                "use the directory store"
            ) from error
        self._lock = root / os.fsdecode(common.rstrip(b"\n")) / "covernance-history.lock"
        if self._git.ask("check-ref-format", self._local) is None:
            raise InputError(f"{branch!r} is not a valid branch name")
        if remote is not None and remote not in (known := remotes(root, environ)):
            listed = ", ".join(known) or "none"
            raise InputError(f"there is no remote {remote!r}; remotes: {listed}")

    @property
    def place(self) -> str:
        """The branch, and the remote that holds it."""
        return f"the branch {self._name}"

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        """Store snapshots; see `Store.add`.

        Raises:
            InputError: A snapshot can't be named; none is stored.
            MachineError: The branch can't be read or written; it is as it was.
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
        """List what is stored; see `Store.entries`.

        Raises:
            InputError: A file's name is not a snapshot's.
            MachineError: The branch can't be read.
        """
        self._seen = self._newest()
        stored = (names.entry_at(path) for path in self._paths(self._seen))
        return select_entries(stored, suite=suite, branch=branch)

    def read(self, entry: Entry) -> Snapshot:
        """Return a snapshot as of the last `entries`; see `Store.read`.

        Raises:
            InputError: The file is not there, is damaged, or holds another result.
            MachineError: The branch can't be read.
        """
        path = names.path_of(entry)
        where = f"{self._name}: {path}"
        if self._seen is None:
            self._seen = self._newest()
        blob = self._objects.read(f"{self._seen}:{path}") if self._seen else None
        if blob is None:
            raise InputError(f"{where} is not there")
        return decode(blob[1], entry, where)

    def prune(self, doomed: Sequence[Entry]) -> None:
        """Delete files with a new commit; the commits that added them stay.

        Raises:
            MachineError: The branch can't be read or written; it is as it was.
        """
        paths = {entry: names.path_of(entry) for entry in select_entries(doomed)}

        def present(tip: str | None) -> list[Entry]:
            stored = set(self._paths(tip)) if paths else set()
            return [entry for entry, path in paths.items() if path in stored]

        self._commit("Drop", present, lambda entries: {paths[entry]: None for entry in entries})

    def _commit(
        self,
        verb: str,
        affected: Callable[[str | None], list[Entry]],
        change: Callable[[Sequence[Entry]], Mapping[str, bytes | None]],
    ) -> list[Entry]:
        """Put one commit on the tip, and again on the newer tip each time others are faster."""
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
        """Let the processes that use one clone take turns: they share its refs."""
        return files.locked(self._lock)

    @cached_property
    def _objects(self) -> Objects:
        return self._git.objects()

    def _newest(self) -> str | None:
        with self._turn() if self._remote else nullcontext():
            return self._tip()

    def _tip(self) -> str | None:
        """The newest commit of the branch, fetched if need be; None before the first.

        While the remote has no such branch, the local one is what it will start from.
        """
        if self._remote is not None and (tip := self._remote_tip(self._remote)):
            return tip
        return self._git.ask("rev-parse", "--verify", "--quiet", f"{self._local}^{{commit}}")

    def _remote_tip(self, remote: str) -> str | None:
        """The remote's newest commit, fetched if it is new; the user's refs stay as they are."""
        try:
            # ls-remote takes a pattern: it may also list refs that end like this one.
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
        """The names directly in each folder, none where there is no such folder.

        Raises:
            MachineError: The branch has a file in the place of a folder: git would replace it.
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
        # With a slash what is in a folder is listed, without one what is no folder.
        patterns = sorted({*parent_folders, *(f"{folder}/" for folder in folders)})
        for path in self._git.fields(
            "ls-tree", "-z", "--full-tree", "--name-only", tip, "--", *patterns
        ):
            if path in parent_folders:
                raise MachineError(
                    f"{self._name}: {path} is not a folder, so nothing can be stored in it; "
                    "remove or rename the file"
                )
            folder, _, name = path.rpartition("/")
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
        """What names the committer if git's configuration doesn't."""
        configured = self._git.ask("config", "--get-regexp", r"^user\.(name|email)$") or ""
        if {line.split()[0] for line in configured.splitlines()} == {"user.name", "user.email"}:
            return {}
        return {name: self._environ.get(name) or value for name, value in _IDENTITY.items()}

    def _publish(self, commit: str, tip: str | None) -> None:
        """Make `commit` the newest of the branch if `tip` still is."""
        if self._remote is not None:
            self._push(self._remote, commit)
            return
        worktrees = self._git.run("worktree", "list", "--porcelain").splitlines()
        if f"branch {self._local}".encode() in worktrees:
            raise MachineError(
                f"{self._name} is checked out, and a checkout is never changed; "
                "check another branch out first"
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
                "check that this user may push there"
            ) from error
        if b"\n=\t" in output:
            raise _RaceError("another writer pushed the same commit")


def remotes(root: Path, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The names of the remotes of the repository that holds `root`."""
    return (Git(root, environ).ask("remote") or "").splitlines()


def _answer(output: bytes) -> str:
    """What `push --porcelain` says of the one ref: `!<tab>from:to<tab>[rejected] (fetch first)`."""
    for line in output.splitlines():
        if line.startswith(b"!\t"):
            return readable(line.split(b"\t")[-1])
    return ""


def _named(entries: Sequence[Entry]) -> str:
    if len({entry.commit for entry in entries}) > 1:
        return f"{len(entries)} snapshots"
    return f"{', '.join(entry.suite for entry in entries)} of {entries[0].commit[:12]}"
