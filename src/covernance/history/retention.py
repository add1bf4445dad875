"""What may go: all but the last few of every branch, and the weekly marks of the default branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from covernance.history.store import Entry, arrange


def doomed(entries: Sequence[Entry], *, keep: int, default_branch: str) -> list[Entry]:
    """The entries that the policy drops, oldest first.

    Args:
        entries: All that is kept.
        keep: How many of the newest of every suite and branch stay; at least 1.
        default_branch: The branch whose newest entry of every suite and ISO week stays for ever.
    """
    lines: defaultdict[tuple[str, str | None], list[Entry]] = defaultdict(list)
    marks: dict[tuple[str, int, int], Entry] = {}
    for entry in arrange(entries):
        lines[entry.suite, entry.branch].append(entry)
        if entry.branch == default_branch:
            year, week, _ = datetime.fromisoformat(entry.recorded_at).isocalendar()
            marks[entry.suite, year, week] = entry
    staying = {entry for line in lines.values() for entry in line[-keep:]} | set(marks.values())
    return [entry for entry in arrange(entries) if entry not in staying]
