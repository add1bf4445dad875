"""Store results, and find, restore and export stored ones."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.context import Context
from covernance.errors import InputError
from covernance.git import changes
from covernance.history.store import Entry, Store, group_by_entry
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.model.text import join_some, short_commit
from covernance.model.verdict import Verdict
from covernance.results import read_results

_SHORTEST_COMMIT = 4
_ONE_LINE = -1


def load_history(paths: Sequence[Path], layout: Layout) -> list[Snapshot]:
    """Read snapshots from files; by default, those of the last full run of every suite.

    Snapshots carried forward from an earlier commit are left out, because they are not new.

    Raises:
        InputError: There is no snapshot, or one can't be read.
    """
    snapshot_paths = list(paths) or sorted(layout.folder.glob("*.snapshot.json"))
    if not snapshot_paths:
        raise InputError(f"{layout.folder}: has no *.snapshot.json; run a suite first")
    snapshots = [snapshot.read(path) for path in snapshot_paths]
    return [result for result in snapshots if result.provenance.source != CARRIED]


def find_stale(context: Context, snapshots: Sequence[Snapshot]) -> dict[str, str]:
    """Find the last full results that are not of their suites as they are now, and why.

    Raises:
        InputError: There is no other result.
    """
    results = read_results(context)
    stale = {
        loaded.suite: "; ".join(result.reasons)
        for loaded in snapshots
        if (result := results.get(loaded.suite)) and result.verdict is Verdict.STALE
    }
    if stale and len(stale) == len(snapshots):
        suite, reasons = next(iter(stale.items()))
        raise InputError(f"{suite}: stale: {reasons}; name its file to store it nevertheless")
    return stale


def reject_dirty(snapshots: Iterable[Snapshot]) -> None:
    """Reject results that were measured with uncommitted changes.

    Raises:
        InputError: The checkout had changes, or its state is unknown.
    """
    for result in snapshots:
        if result.provenance.dirty is not False:
            raise InputError(
                f"{result.suite}: was measured with changes that are not in commit "
                f"{short_commit(result.provenance.commit, 'none')}; commit them and run again, or "
                "pass --allow-dirty"
            )


def list_new(store: Store, snapshots: Iterable[Snapshot]) -> list[Entry]:
    """List what `store.add` would add, oldest first."""
    stored_keys = {(entry.suite, entry.commit, entry.run_id) for entry in store.entries()}
    return [
        entry
        for entry in group_by_entry(snapshots)
        if (entry.suite, entry.commit, entry.run_id) not in stored_keys
    ]


def resolve_digits(root: Path, name: str) -> str:
    """Resolve a branch, a tag or HEAD to a commit; return digits of a commit unchanged.

    Raises:
        InputError: The name is neither.
        MachineError: git is missing or failed, for example outside a repository.
    """
    if set(name) <= set(string.hexdigits):
        return name
    if (commit := changes.resolve_commit(root, name)) is None:
        raise InputError(
            f"{name!r}: is not a commit in this clone; give a branch, a tag, or digits of a commit"
        )
    return commit


def find_newest(store: Store, commit: str, *, suite: str | None) -> list[Entry]:
    """Find the newest entry of each suite at a commit, sorted by suite.

    Args:
        store: The store.
        commit: The commit, or its first digits.
        suite: One suite, or None for all.

    Raises:
        InputError: There is no entry, or the digits match several commits.
    """
    if len(commit) < _SHORTEST_COMMIT:
        raise InputError(f"{commit!r}: give at least {_SHORTEST_COMMIT} digits of the commit")
    matches = [entry for entry in store.entries(suite=suite) if entry.commit.startswith(commit)]
    commits = sorted({entry.commit for entry in matches})
    if not commits:
        suite_note = f" of suite {suite}" if suite else ""
        raise InputError(f"no snapshot{suite_note} is stored for commit {commit!r}")
    if len(commits) > 1:
        raise InputError(
            f"{commit!r} matches several commits: {join_some(commits)}; give more digits"
        )
    latest = {entry.suite: entry for entry in matches}
    return [latest[name] for name in sorted(latest)]


def restore(context: Context, store: Store, branch: str) -> list[Entry]:
    """Write the newest result of each suite on a branch to where a full run would write it.

    Raises:
        InputError: No result is stored, or a run in this checkout has left another one there.
    """
    latest = {entry.suite: entry for entry in store.entries(branch=branch)}
    entries = [latest[suite.name] for suite in context.table.suites if suite.name in latest]
    if not entries:
        raise InputError(f"no result of branch {branch!r} is stored")
    content = {
        context.layout.snapshot(entry.suite): store.read(entry).encode() for entry in entries
    }
    for path, text in content.items():
        if path.exists() and path.read_bytes() != text:
            raise InputError(
                f"{path}: is the result of a run in this checkout; remove it to restore the stored "
                "one"
            )
    for path, text in content.items():
        files.write_atomic(path, text)
    return entries


def encode_lines(store: Store, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Encode each snapshot as one line of JSON with sorted keys, including the line break."""
    for entry in entries:
        yield msgspec.json.format(store.read(entry).encode(), indent=_ONE_LINE) + b"\n"


def export(store: Store, entries: Iterable[Entry], path: Path) -> None:
    """Write the lines of `encode_lines` to a file, atomically."""
    files.write_atomic(path, b"".join(encode_lines(store, entries)))
