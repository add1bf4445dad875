"""Which snapshots are deleted: old ones, except one per week of the default branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from covernance.history.store import Entry, select_entries


def select_for_removal(entries: Sequence[Entry], *, keep: int, default_branch: str) -> list[Entry]:
    """Select the entries to delete, oldest first.

    Args:
        entries: All stored entries.
        keep: How many of the newest entries per suite and branch remain; at least 1.
        default_branch: The branch whose newest entry per suite and ISO week always remains.
    """
    entries_by_branch: defaultdict[tuple[str, str | None], list[Entry]] = defaultdict(list)
    weekly: dict[tuple[str, int, int], Entry] = {}
    for entry in select_entries(entries):
        entries_by_branch[entry.suite, entry.branch].append(entry)
        if entry.branch == default_branch:
            year, week, _ = datetime.fromisoformat(entry.recorded_at).isocalendar()
            weekly[entry.suite, year, week] = entry
    retained = {
        entry for branch_entries in entries_by_branch.values() for entry in branch_entries[-keep:]
    } | set(weekly.values())
    return [entry for entry in select_entries(entries) if entry not in retained]
