"""Find the stored result that a suite's current one is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance.git.ancestors import list_ancestors
from covernance.history.store import Entry, Store
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.model.text import count, short_commit
from covernance.model.verdict import Verdict


class Base(msgspec.Struct, frozen=True):
    """The result that a suite is compared with.

    Attributes:
        entry: Its entry in the store.
        behind: How many commits it is before the base of the change; 0 is that commit itself.
    """

    entry: Entry
    behind: int


_COMPLETE = frozenset({Verdict.BELOW_FLOOR, Verdict.EXPIRED_EXCEPTION})
"""Verdicts of results that are not green, but of tests that all ran and passed."""


def describe_base(commit: str | None, recorded_at: str, behind: int | None) -> str:
    """Say what a suite is compared with; `behind` is None if a person named the result."""
    where = ""
    if behind is not None:
        where = f" ({count(behind, 'commit')} before the base)" if behind else " (the base)"
    return f"compared with {short_commit(commit)} of {recorded_at}{where}"


def find_base_result(
    root: Path, store: Store, entries: Sequence[Entry], now: Snapshot | None, merge_base: str
) -> Base | None:
    """Find the passing result at the merge base or its nearest ancestor that has one.

    If none passed, because the suite has not reached its floor yet, the nearest one counts whose
    tests passed. A result of failed tests is never a base. The measured commit itself is only a
    base if it was measured with uncommitted changes, or if its result was carried forward to a
    later commit.

    Args:
        root: The folder of the table.
        store: The stored results.
        entries: Those of the suite, oldest first.
        now: The current result; None to accept any result of these commits.
        merge_base: The commit that the change is based on.

    Raises:
        CovernanceError: The merge base is not in this clone, git is missing, or the store can't be
            read.
    """
    by_commit: dict[str, list[Entry]] = {}
    for entry in entries:
        by_commit.setdefault(entry.commit, []).insert(0, entry)
    if now and not now.provenance.dirty and now.provenance.source != CARRIED:
        by_commit.pop(now.provenance.commit or "", None)
    if not by_commit:
        return None
    nearest: Base | None = None
    for behind, commit in enumerate(list_ancestors(root, merge_base)):
        for entry in by_commit.get(commit, ()):
            verdict = store.read(entry).verdict
            if verdict is Verdict.PASS:
                return Base(entry, behind)
            if verdict in _COMPLETE and nearest is None:
                nearest = Base(entry, behind)
    return nearest
