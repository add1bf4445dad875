"""The interface of all stores of snapshots, and the entries that they list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import ClassVar, Protocol, Self

import msgspec

from covernance.context import Context
from covernance.errors import InputError
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot


class Entry(msgspec.Struct, frozen=True, order=True):
    """One stored snapshot; suite, commit and run identify it.

    Attributes:
        recorded_at: When the run began, in UTC: `2026-11-21T12:00:00Z`.
        suite: The suite's name.
        commit: The full object name of the commit that was measured.
        run_id: The run: 1 to 64 letters, digits, dots, dashes and underscores.
        branch: The branch that was measured; None for a detached HEAD.
    """

    recorded_at: str
    suite: str
    commit: str
    run_id: str
    branch: str | None


class Store(Protocol):
    """Snapshots of many runs. Every method raises CovernanceError if it fails."""

    @property
    def place(self) -> str:
        """A description of where the results are."""

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        """Store snapshots, except those whose suite, commit and run are already stored.

        Returns:
            The new entries, oldest first.
        """

    def entries(self, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        """List the stored snapshots, oldest first, without reading them."""

    def read(self, entry: Entry) -> Snapshot:
        """Return the snapshot of an entry that `entries` listed."""

    def prune(self, old_entries: Sequence[Entry]) -> None:
        """Delete entries; one that was already deleted is not an error."""


class NamedStore(Store, Protocol):
    """A store that the table can name.

    Attributes:
        is_shared: Whether other machines read it, so that it takes clean checkouts only.
        has_remote: Whether it can lie on a remote of the repository.
    """

    is_shared: ClassVar[bool]
    has_remote: ClassVar[bool]

    @classmethod
    def open(cls, context: Context, *, branch: str, remote: str | None) -> Self:
        """Open the store of a repository.

        Args:
            context: The context, with the table and the environment variables that a store may
                need to find its place.
            branch: The branch that a store in git writes.
            remote: The remote that holds the branch; None for the local branch.
        """


def entry_of(result: Snapshot) -> Entry:
    """Return the entry under which a snapshot is stored.

    Raises:
        InputError: The snapshot was recorded outside a git repository.
    """
    source = result.provenance
    if source.commit is None:
        raise InputError(
            f"{result.suite}: the snapshot has no commit, but history is stored by commit; "
            "run the suite in a git repository with at least one commit"
        )
    return Entry(source.recorded_at, result.suite, source.commit, source.run_id, source.branch)


def group_by_entry(snapshots: Iterable[Snapshot]) -> dict[Entry, Snapshot]:
    """Return snapshots by entry, oldest first; only the oldest per suite, commit and run.

    Raises:
        InputError: A snapshot was recorded outside a git repository.
    """
    results = {entry_of(result): result for result in snapshots}
    oldest: dict[tuple[str, str, str], Entry] = {}
    for entry in select_entries(results):
        oldest.setdefault((entry.suite, entry.commit, entry.run_id), entry)
    return {entry: results[entry] for entry in oldest.values()}


def decode(content: bytes, entry: Entry, where: str) -> Snapshot:
    """Decode a stored snapshot and check that it matches its file name.

    Raises:
        InputError: The snapshot is damaged, from a newer version, or does not match its file name.
    """
    result = snapshot.decode(content, where)
    if entry_of(result) != entry:
        raise InputError(f"{where}: holds a result that does not match its name; remove the file")
    return result


def select_entries(
    entries: Iterable[Entry], *, suite: str | None = None, branch: str | None = None
) -> list[Entry]:
    """Return the entries of a suite, of a branch, or all; oldest first."""
    selected = (
        entry
        for entry in entries
        if suite in (None, entry.suite) and branch in (None, entry.branch)
    )
    return sorted(selected, key=_age)


def group_by_suite(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group entries by suite, in the given order."""
    entries_by_suite: dict[str, list[Entry]] = {}
    for entry in entries:
        entries_by_suite.setdefault(entry.suite, []).append(entry)
    return entries_by_suite


class StoreListing:
    """A store whose entries are listed only once per command, when they are first needed."""

    def __init__(self, store: Store) -> None:
        """Wrap a store; it is listed when the first suite is requested."""
        self._store = store

    def of(self, suite: str) -> Sequence[Entry]:
        """Return the entries of a suite, oldest first.

        Raises:
            CovernanceError: The store can't be read.
        """
        return self._by_suite.get(suite, ())

    def read(self, entry: Entry) -> Snapshot:
        """Return the snapshot of an entry; see `Store.read`."""
        return self._store.read(entry)

    @cached_property
    def _by_suite(self) -> dict[str, list[Entry]]:
        return group_by_suite(self._store.entries())


def _age(entry: Entry) -> tuple[str, ...]:
    return (entry.recorded_at, entry.suite, entry.commit, entry.run_id, entry.branch or "")
