"""Find the stored result that a suite's current one is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance.git.ancestors import list_ancestors
from covernance.history.store import Entry
from covernance.model.snapshot import CARRIED, Snapshot


class Base(msgspec.Struct, frozen=True):
    """The result that a suite is compared with.

    Attributes:
        entry: Its entry in the store.
        behind: How many commits it is before the base of the change; 0 is that commit itself.
    """

    entry: Entry
    behind: int


def find_base_result(
    root: Path, entries: Sequence[Entry], now: Snapshot | None, merge_base: str
) -> Base | None:
    """Find the result at the merge base or its nearest ancestor that has one.

    The measured commit itself is only a base if it was measured with uncommitted changes, or if its
    result was carried forward to a later commit.

    Args:
        root: The folder of the table.
        entries: The stored results of the suite, oldest first.
        now: The current result; None to accept any result of these commits.
        merge_base: The commit that the change is based on.

    Raises:
        MachineError: The merge base is not in this clone, or git is missing.
    """
    newest = {entry.commit: entry for entry in entries}
    if now and not now.provenance.dirty and now.provenance.source != CARRIED:
        newest.pop(now.provenance.commit or "", None)
    if not newest:
        return None
    for behind, commit in enumerate(list_ancestors(root, merge_base)):
        if commit in newest:
            return Base(newest[commit], behind)
    return None
