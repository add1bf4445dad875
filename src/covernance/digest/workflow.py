"""Build the digest of a period from history, and write it to `docs/metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Table
from covernance.digest.render import (
    Course,
    DatedPatch,
    Digest,
    Exceptions,
    Window,
    chart_files,
    digest_document,
    draw_course,
    markdown,
)
from covernance.errors import InputError
from covernance.exceptions import waivers
from covernance.exceptions.row import Row
from covernance.exceptions.workflow import read_rows
from covernance.history.store import Entry, Store, group_by_suite
from covernance.model import timestamp
from covernance.model.snapshot import Snapshot
from covernance.reports import trend
from covernance.reports.exceptions_due import exception_due
from covernance.reports.trend import Flaky

FOLDER = Path("docs") / "metrics"
"""The digest's folder, relative to the repository's root."""

NAME = "coverage-weekly"

_MOST_SLOW = 10


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to summarise.

    Attributes:
        branch: The branch whose results are shown.
        length: The length of the period.
        until: Its end, with a time zone; None for the time of the branch's newest result.
    """

    branch: str
    length: timedelta
    until: datetime | None = None


def build(table: Table, store: Store, request: Request) -> Digest:
    """Build the digest from history and the exception register; it does not depend on the clock.

    Raises:
        InputError: The branch has no results, or a result or the register can't be read.
    """
    entries = store.entries(branch=request.branch)
    if not entries:
        msg = f"history: no results on branch {request.branch!r}; store the last runs with "
        msg += "`covernance history add`, or choose another branch with --branch"
        raise InputError(msg)
    until = request.until or _read_time(entries[-1])
    window = Window.before(until.astimezone(UTC), request.length)
    courses: list[Course] = []
    newest: list[Snapshot] = []
    flaky: list[Flaky] = []
    patches: list[DatedPatch] = []
    entries_by_suite = group_by_suite(entries)
    for suite in table.suites:
        chosen = _select_entries(entries_by_suite.get(suite.name, []), window)
        snapshots = [store.read(entry) for entry in chosen]
        points = [trend.point(snapshot) for snapshot in snapshots]
        course = draw_course(suite.name, points, window)
        courses.append(course)
        if course.points:
            newest.append(snapshots[-1])
            inside = snapshots[-len(course.points) :]
            flaky += trend.flaky(inside)
            patches += (patch for snapshot in inside if (patch := _patch(snapshot)))
    return Digest(
        window=window,
        branch=request.branch,
        themes=table.themes,
        courses=tuple(courses),
        slowest=tuple(trend.slowest(newest, _MOST_SLOW)),
        flaky=tuple(sorted(flaky)),
        patches=tuple(sorted(patches, key=lambda patch: (patch.recorded_at, patch.suite))),
        exceptions=_exceptions(read_rows(table), window),
    )


def render(digest: Digest, folder: Path) -> dict[Path, bytes]:
    """Return the digest's files by path in `folder`: Markdown, JSON and one chart per suite."""
    charts = chart_files(digest)
    text = markdown(digest, {suite: name for suite, (name, _) in charts.items()})
    return {
        **{folder / name: drawn for name, drawn in charts.values()},
        folder / f"{NAME}.json": digest_document(digest),
        folder / f"{NAME}.md": text.encode(),
    }


def publish(content: dict[Path, bytes]) -> None:
    """Write the files, the Markdown last.

    Raises:
        MachineError: A file can't be written.
    """
    for path, text in content.items():
        files.write_atomic(path, text)


def _patch(snapshot: Snapshot) -> DatedPatch | None:
    """The patch coverage of a run; None if it is unknown or the change has no statement."""
    if snapshot.patch is None or not snapshot.patch.total.total:
        return None
    return DatedPatch(snapshot.provenance.recorded_at, snapshot.suite, snapshot.patch.total)


def _exceptions(rows: Sequence[Row], window: Window) -> Exceptions:
    """The changes of the register in a period, read from its current rows."""
    since, today = window.since.date(), window.until.date()
    inside = [row for row in rows if row.status.day and since < row.status.day <= today]
    return Exceptions(
        opened=tuple(exception_due(row, today) for row in inside if row.open),
        resolved=tuple(exception_due(row, today) for row in inside if not row.open),
        expiring=tuple(exception_due(item.row, today) for item in waivers.find_due(rows, today)),
    )


def _select_entries(entries: Sequence[Entry], window: Window) -> list[Entry]:
    """The entries in a period and the last one before it, oldest first."""
    before = [entry for entry in entries if _read_time(entry) <= window.since]
    return [*before[-1:], *(entry for entry in entries if window.holds(_read_time(entry)))]


def _read_time(entry: Entry) -> datetime:
    return timestamp.read(entry.recorded_at, f"the result of {entry.suite} in history")
