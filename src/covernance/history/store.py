"""What every store of snapshots does, and what it knows of one without reading it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from covernance.errors import InputError
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot


class Entry(msgspec.Struct, frozen=True, order=True):
    """One stored snapshot; suite, commit and run identify it.

    Attributes:
        recorded_at: When the run began: UTC, `2026-11-21T12:00:00Z`.
        suite: The suite's name.
        commit: The full object name of the commit that was measured.
        run_id: The run, 1 to 64 letters, digits, dots, dashes and underscores.
        branch: The branch that was measured; None for a detached HEAD.
    """

    recorded_at: str
    suite: str
    commit: str
    run_id: str
    branch: str | None


class Store(Protocol):
    """Snapshots of many runs. Every method raises CovernanceError when it can't do its work."""

    @property
    def place(self) -> str:
        """Where the results are, in words."""

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        """Keep snapshots; one whose suite, commit and run are there already is left out.

        Returns:
            What was new, oldest first.
        """

    def entries(self, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        """List what is kept, oldest first, without reading the snapshots."""

    def read(self, entry: Entry) -> Snapshot:
        """Return the snapshot of an entry that `entries` listed."""

    def prune(self, doomed: Sequence[Entry]) -> None:
        """Drop entries; one that is gone already is no error."""


def entry_of(result: Snapshot) -> Entry:
    """What a store knows of a snapshot.

    Raises:
        InputError: It was recorded outside a git repository.
    """
    source = result.provenance
    if source.commit is None:
        raise InputError(
            f"{result.suite}: the snapshot names no commit, and history is kept by commit; "
            "run the suite inside a git repository that has one"
        )
    return Entry(source.recorded_at, result.suite, source.commit, source.run_id, source.branch)


def group_by_entry(snapshots: Iterable[Snapshot]) -> dict[Entry, Snapshot]:
    """Snapshots by entry, oldest first; of one suite, commit and run the oldest alone.

    Raises:
        InputError: One was recorded outside a git repository.
    """
    results = {entry_of(result): result for result in snapshots}
    oldest: dict[tuple[str, str, str], Entry] = {}
    for entry in select_entries(results):
        oldest.setdefault((entry.suite, entry.commit, entry.run_id), entry)
    return {entry: results[entry] for entry in oldest.values()}


def decode(content: bytes, entry: Entry, where: str) -> Snapshot:
    """Decode a stored snapshot and hold it to the name that it was stored under.

    Raises:
        InputError: It is damaged, from a newer version, or another result than its name says.
    """
    result = snapshot.decode(content, where)
    if entry_of(result) != entry:
        raise InputError(f"{where}: holds another result than its name says; remove the file")
    return result


def select_entries(
    entries: Iterable[Entry], *, suite: str | None = None, branch: str | None = None
) -> list[Entry]:
    """The entries of a suite, of a branch, or all of them; oldest first."""
    selected = (
        entry
        for entry in entries
        if suite in (None, entry.suite) and branch in (None, entry.branch)
    )
    return sorted(selected, key=_age)


def group_by_suite(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries by suite, each in the order given: a store is asked once, however many suites."""
    entries_by_suite: dict[str, list[Entry]] = {}
    for entry in entries:
        entries_by_suite.setdefault(entry.suite, []).append(entry)
    return entries_by_suite


class StoreListing:
    """What one command sees of a store: asked what it keeps once, and only when that is needed."""

    def __init__(self, store: Store) -> None:
        """See the store as it is when the first suite is asked for."""
        self._store = store

    def of(self, suite: str) -> Sequence[Entry]:
        """The entries of a suite, oldest first.

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
