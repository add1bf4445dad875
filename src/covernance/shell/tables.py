"""The end of a run as plain text: the suite × theme table, verdicts, what would lift them most."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from covernance.model import lines
from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import FileResult, Snapshot
from covernance.model.text import escape_unprintable
from covernance.shell.columns import align

_HEAD = ("suite", "theme", "tests", "earned %", "raw %", "floor", "verdict")
_NUMERIC = {2, 3, 4, 5}
_MOST_FILES = 10
_MOST_PLACES = 12
_MOST_REASONS = 20


def table(snapshots: Iterable[Snapshot]) -> str:
    """One row a theme, by name, and one row a suite, aligned; percentages are rounded down."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for snapshot in snapshots:
        for theme, cell in sorted(snapshot.themes.items()):
            tests = cell.outcomes.tests
            percents = (show(cell.earned.percent), show(cell.raw.percent))
            if not tests:
                percents = ("no-tests", "no-tests")
            rows.append((snapshot.suite, theme, str(tests), *percents, "", ""))
        rows.append(
            (
                snapshot.suite,
                "all",
                str(len(snapshot.tests)),
                "",
                show(snapshot.total.percent),
                snapshot.floor.percent,
                snapshot.verdict + _source(snapshot),
            )
        )
    return align(rows, right=_NUMERIC)


def failures(snapshot: Snapshot) -> str:
    """Why a suite did not pass, a reason a line."""
    reasons = snapshot.reasons[:_MOST_REASONS]
    told = [f"{snapshot.suite}: {snapshot.verdict}", *(f"  {reason}" for reason in reasons)]
    if more := len(snapshot.reasons) - len(reasons):
        told.append(f"  … and {more} more")
    return "\n".join(told)


def lift(snapshot: Snapshot) -> str:
    """The files and lines that would lift a suite's total most, or nothing at its floor."""
    gaps = [(path, result) for path, result in snapshot.files.items() if _gap(result)]
    if not gaps or snapshot.total.meets(Decimal(snapshot.floor.percent)):
        return ""
    worst = sorted(gaps, key=lambda item: (-_gap(item[1]), item[0]))[:_MOST_FILES]
    return "\n".join(
        [
            f"{snapshot.suite}: covering these would lift it most:",
            *(f"  {path}: {places(result)}" for path, result in worst),
        ]
    )


def places(result: FileResult) -> str:
    """The lines (and branches, as from->to) of a file that never ran: `3-5, 9, 12->14`."""
    missing = lines.decode(result.missing_lines)
    gaps = [(first, lines.encode(range(first, last + 1))) for first, last in lines.spans(missing)]
    gaps += [
        (start, f"{start}->{'exit' if end < 0 else end}")
        for start, end in result.missing_branches
        if end not in missing
    ]
    shown = [text for _, text in sorted(gaps)]
    more = len(shown) - _MOST_PLACES
    return ", ".join(shown[:_MOST_PLACES]) + (f", … {more} more" if more > 0 else "")


def _source(snapshot: Snapshot) -> str:
    """Where a result comes from that the run itself did not measure."""
    told = describe_origin(snapshot.provenance)
    return f" ({escape_unprintable(told)})" if told else ""


def _gap(result: FileResult) -> int:
    return result.total.total - result.total.covered
