"""Results as plain text: the suite × theme table, failure reasons, the largest coverage gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from covernance.model import lines
from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import FileResult, Snapshot
from covernance.model.text import cut, escape_unprintable, join_some
from covernance.model.verdict import count_waived
from covernance.shell.columns import align

_HEAD = ("suite", "theme", "tests", "earned %", "raw %")
_JUDGED_HEAD = (*_HEAD, "floor", "verdict")
_NUMERIC = {2, 3, 4, 5}
SHOW_ALL = "covernance summary --format json"
"""The command that shows the lists that are cut elsewhere."""

_SHOW_GAPS = "covernance run -- --cov-report=term-missing"

_MOST_FILES = 10
_MOST_PLACES = 12
_MOST_REASONS = 20


def table(snapshots: Iterable[Snapshot]) -> str:
    """The measures of suites, with the floor and the verdict of each suite."""
    rows: list[tuple[str, ...]] = [_JUDGED_HEAD]
    for snapshot in snapshots:
        *themes, suite = _measure(snapshot)
        rows += [(*row, "", "") for row in themes]
        rows.append((*suite, snapshot.floor.percent, _judge(snapshot)))
    return align(rows, right=_NUMERIC)


def measures(snapshots: Iterable[Snapshot]) -> str:
    """One row per theme, by name, then one row per suite; percentages are rounded down."""
    rows = [row for snapshot in snapshots for row in _measure(snapshot)]
    return align([_HEAD, *rows], right=_NUMERIC)


def _measure(snapshot: Snapshot) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for theme, cell in sorted(snapshot.themes.items()):
        tests = cell.outcomes.tests
        percents = (show(cell.earned.percent), show(cell.raw.percent))
        if not tests:
            percents = ("no-tests", "no-tests")
        rows.append((snapshot.suite, theme, str(tests), *percents))
    tests = len(snapshot.tests)
    rows.append((snapshot.suite, "all", str(tests), "", show(snapshot.total.percent)))
    return rows


def _judge(snapshot: Snapshot) -> str:
    waived = f", {count_waived(snapshot.waived)}" if snapshot.waived else ""
    return f"{snapshot.verdict}{waived}{_origin(snapshot)}"


def reasons(snapshot: Snapshot) -> str:
    """Why a suite did not pass, one reason per line, indented."""
    return "\n".join(cut_list(snapshot.reasons, _MOST_REASONS))


def cut_list(items: Sequence[str], most: int) -> list[str]:
    """Indent the first items of a list; if there are more, count them and name where they are."""
    return [f"  {item}" for item in cut(items, most, command=SHOW_ALL)]


def format_gaps(snapshot: Snapshot) -> str:
    """The files and lines with the largest gaps.

    It is "" if the suite reaches its floor, or if nothing ran: then lines are not the cause.
    """
    if not snapshot.total.executed:
        return ""
    gaps = [(path, result) for path, result in snapshot.files.items() if _count_missing(result)]
    if not gaps or snapshot.total.meets(Decimal(snapshot.floor.percent)):
        return ""
    largest = sorted(gaps, key=lambda gap: (-_count_missing(gap[1]), gap[0]))
    shown = (f"{path}: {places(result)}" for path, result in largest)
    rows = [f"  {row}" for row in cut(shown, _MOST_FILES, command=_SHOW_GAPS)]
    return "\n".join([f"{snapshot.suite}: largest coverage gaps:", *rows])


def places(result: FileResult) -> str:
    """The lines (and branches, as from->to) of a file that never ran: `3-5, 9, 12->14`."""
    missing = lines.decode(result.missing_lines)
    gaps = [(first, lines.encode(range(first, last + 1))) for first, last in lines.spans(missing)]
    gaps += [
        (start, f"{start}->{'exit' if end < 0 else end}")
        for start, end in result.missing_branches
        if end not in missing
    ]
    texts = [text for _, text in sorted(gaps)]
    return join_some(texts, _MOST_PLACES)


def _origin(snapshot: Snapshot) -> str:
    """The origin of a result that the run did not measure itself, in parentheses."""
    origin = describe_origin(snapshot.provenance)
    return f" ({escape_unprintable(origin)})" if origin else ""


def _count_missing(result: FileResult) -> int:
    return result.total.total - result.total.covered
