"""The end of a run as plain text: the suite × theme table, verdicts, what would lift them most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from covernance.model.counts import show
from covernance.model.snapshot import FileResult, Snapshot

_HEAD = ("suite", "theme", "tests", "earned %", "raw %", "floor", "verdict")
_NUMERIC = {2, 3, 4, 5}
_MOST_FILES = 10
_MOST_PLACES = 12
_MOST_REASONS = 20


def table(snapshots: Iterable[Snapshot]) -> str:
    """One row a theme and one row a suite, aligned; percentages are rounded down."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for snapshot in snapshots:
        for theme, cell in snapshot.themes.items():
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
                snapshot.verdict,
            )
        )
    return _aligned(rows)


def failures(snapshot: Snapshot) -> str:
    """Why a suite did not pass, a reason a line."""
    reasons = snapshot.reasons[:_MOST_REASONS]
    lines = [f"{snapshot.suite}: {snapshot.verdict}", *(f"  {reason}" for reason in reasons)]
    if more := len(snapshot.reasons) - len(reasons):
        lines.append(f"  … and {more} more")
    return "\n".join(lines)


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
    spans = [
        (first, str(first) if first == last else f"{first}-{last}")
        for first, last in _spans(result.missing_lines)
    ]
    spans += [
        (start, f"{start}->{'exit' if end < 0 else end}")
        for start, end in result.missing_branches
        if end not in result.missing_lines
    ]
    shown = [text for _, text in sorted(spans)]
    more = len(shown) - _MOST_PLACES
    return ", ".join(shown[:_MOST_PLACES]) + (f", … {more} more" if more > 0 else "")


def _gap(result: FileResult) -> int:
    return result.total.total - result.total.covered


def _spans(lines: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], line)
        else:
            spans.append((line, line))
    return spans


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.rjust(width) if column in _NUMERIC else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
