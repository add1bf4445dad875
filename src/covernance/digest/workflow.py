"""The digest of a span of days, from history to `docs/metrics`."""

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
from covernance.reports.state import Patch
from covernance.reports.trend import Flaky

FOLDER = Path("docs") / "metrics"
"""Where the digest goes, below the repository's root."""

NAME = "coverage-weekly"

_MOST_SLOW = 10


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to tell.

    Attributes:
        branch: The branch whose results are told.
        length: How long the span is.
        until: Where it ends, with a time zone; None for the newest result of the branch.
    """

    branch: str
    length: timedelta
    until: datetime | None = None


def build(table: Table, store: Store, request: Request) -> Digest:
    """Read history and the exception register, and put the digest together.

    The clock has no say.

    Raises:
        InputError: The branch has no results, or one or the register can't be read.
    """
    entries = store.entries(branch=request.branch)
    if not entries:
        msg = f"history has no results on branch {request.branch!r}; `covernance history add` "
        msg += "keeps those of the last runs, and --branch names another branch"
        raise InputError(msg)
    until = request.until or _moment(entries[-1])
    window = Window.before(until.astimezone(UTC), request.length)
    courses: list[Course] = []
    newest: list[Snapshot] = []
    flaky: list[Flaky] = []
    patches: list[DatedPatch] = []
    kept = group_by_suite(entries)
    for suite in table.suites:
        told = _told(kept.get(suite.name, []), window)
        found = [store.read(entry) for entry in told]
        course = draw_course(suite.name, [trend.point(one) for one in found], window)
        courses.append(course)
        if course.points:
            newest.append(found[-1])
            inside = found[-len(course.points) :]
            flaky += trend.flaky(inside)
            patches += (patch for one in inside if (patch := _patch(one)))
    return Digest(
        window=window,
        branch=request.branch,
        themes=table.themes,
        courses=tuple(courses),
        slowest=tuple(trend.slowest(newest, _MOST_SLOW)),
        flaky=tuple(sorted(flaky)),
        patches=tuple(sorted(patches, key=lambda patch: (patch.recorded_at, patch.patch.suite))),
        exceptions=_exceptions(read_rows(table), window),
    )


def render(found: Digest, folder: Path) -> dict[Path, bytes]:
    """The digest's files: Markdown, JSON and a chart a suite, by path below `folder`."""
    charts = chart_files(found)
    text = markdown(found, {suite: name for suite, (name, _) in charts.items()})
    return {
        **{folder / name: drawn for name, drawn in charts.values()},
        folder / f"{NAME}.json": digest_document(found),
        folder / f"{NAME}.md": text.encode(),
    }


def publish(content: dict[Path, bytes]) -> None:
    """Write the files, the Markdown last.

    Raises:
        MachineError: One can't be written.
    """
    for path, text in content.items():
        files.write_atomic(path, text)


def _patch(found: Snapshot) -> DatedPatch | None:
    """What ran of a run's change; None where it touched nothing that counts, or nobody knows."""
    if found.patch is None or not found.patch.total.total:
        return None
    counts = found.patch.total
    patch = Patch(found.suite, counts.covered, counts.total)
    return DatedPatch(found.provenance.recorded_at, patch)


def _exceptions(rows: Sequence[Row], window: Window) -> Exceptions:
    """What the register's rows say of the days of a span; a row that was deleted says nothing."""
    since, today = window.since.date(), window.until.date()
    inside = [row for row in rows if row.status.day and since < row.status.day <= today]
    return Exceptions(
        opened=tuple(exception_due(row, today) for row in inside if row.open),
        resolved=tuple(exception_due(row, today) for row in inside if not row.open),
        expiring=tuple(exception_due(item.row, today) for item in waivers.find_due(rows, today)),
    )


def _told(entries: Sequence[Entry], window: Window) -> list[Entry]:
    """The entries in a span and the last one before it, oldest first."""
    before = [entry for entry in entries if _moment(entry) <= window.since]
    return [*before[-1:], *(entry for entry in entries if window.holds(_moment(entry)))]


def _moment(entry: Entry) -> datetime:
    return timestamp.read(entry.recorded_at, f"the result of {entry.suite} in history")
