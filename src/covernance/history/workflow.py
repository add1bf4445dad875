"""Put results into a store, and take them out again."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Table
from covernance.errors import InputError
from covernance.git import changes
from covernance.history.store import Entry, Store, group_by_entry
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.snapshot import CARRIED, Snapshot

_SHORTEST_COMMIT = 4
_ONE_LINE = -1


def load_history(paths: Sequence[Path], root: Path) -> list[Snapshot]:
    """Read snapshots; without paths, those of the last full run of every suite.

    One that was carried from an earlier commit is left out: it is no new result.

    Raises:
        InputError: There is none, or one can't be read.
    """
    snapshot_paths = list(paths) or sorted(Layout(root).folder.glob("*.snapshot.json"))
    if not snapshot_paths:
        raise InputError(f"{Layout(root).folder}: holds no *.snapshot.json; run a suite first")
    snapshots = [snapshot.read(path) for path in snapshot_paths]
    return [result for result in snapshots if result.provenance.source != CARRIED]


def reject_dirty(snapshots: Iterable[Snapshot]) -> None:
    """Refuse results that their commit alone does not explain.

    Raises:
        InputError: The checkout had changes, or git could not tell.
    """
    for result in snapshots:
        if result.provenance.dirty is not False:
            raise InputError(
                f"{result.suite}: was measured with changes that commit "
                f"{(result.provenance.commit or 'none')[:12]} does not have; commit and run again, "
                "or say --allow-dirty"
            )


def list_new(store: Store, snapshots: Iterable[Snapshot]) -> list[Entry]:
    """What `store.add` would add, oldest first."""
    stored_keys = {(entry.suite, entry.commit, entry.run_id) for entry in store.entries()}
    return [
        entry
        for entry in group_by_entry(snapshots)
        if (entry.suite, entry.commit, entry.run_id) not in stored_keys
    ]


def resolve_digits(root: Path, name: str) -> str:
    """The commit that a branch, a tag or HEAD stands for; digits of a commit as they are.

    Raises:
        InputError: It is neither.
        MachineError: git is missing or refuses, as outside of a repository.
    """
    if set(name) <= set(string.hexdigits):
        return name
    if (commit := changes.resolve_commit(root, name)) is None:
        raise InputError(f"{name!r}: is no commit here; name a branch, or digits of a commit")
    return commit


def find_newest(store: Store, commit: str, *, suite: str | None) -> list[Entry]:
    """The newest entry of every suite at a commit, by suite.

    Args:
        store: Where to look.
        commit: The commit, or the first digits of one.
        suite: One suite, or None for all.

    Raises:
        InputError: There is none, or the digits fit several commits.
    """
    if len(commit) < _SHORTEST_COMMIT:
        raise InputError(f"{commit!r}: give at least {_SHORTEST_COMMIT} digits of the commit")
    matches = [entry for entry in store.entries(suite=suite) if entry.commit.startswith(commit)]
    commits = sorted({entry.commit for entry in matches})
    if not commits:
        suite_note = f" of suite {suite}" if suite else ""
        raise InputError(f"no snapshot{suite_note} is kept for commit {commit!r}")
    if len(commits) > 1:
        raise InputError(f"{commit!r} fits several commits: {', '.join(commits)}; give more digits")
    latest = {entry.suite: entry for entry in matches}
    return [latest[name] for name in sorted(latest)]


def restore(table: Table, store: Store, branch: str) -> list[Entry]:
    """Put the newest result of every suite on a branch where its last full run leaves it.

    Raises:
        InputError: None is kept, or a suite was run here and another result of it is there.
    """
    latest = {entry.suite: entry for entry in store.entries(branch=branch)}
    entries = [latest[suite.name] for suite in table.suites if suite.name in latest]
    if not entries:
        raise InputError(f"no result of branch {branch!r} is kept")
    layout = Layout(table.root)
    content = {layout.snapshot(entry.suite): store.read(entry).encode() for entry in entries}
    for path, text in content.items():
        if path.exists() and path.read_bytes() != text:
            raise InputError(f"{path}: is the result of a run here; remove it to have the kept one")
    for path, text in content.items():
        files.write_atomic(path, text)
    return entries


def encode_lines(store: Store, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Each snapshot as one line of JSON, keys sorted, with its line break."""
    for entry in entries:
        yield msgspec.json.format(store.read(entry).encode(), indent=_ONE_LINE) + b"\n"


def export(store: Store, entries: Iterable[Entry], path: Path) -> None:
    """Write `lines` to a file, whole or not at all."""
    files.write_atomic(path, b"".join(encode_lines(store, entries)))
