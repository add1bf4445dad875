"""The digest of a span of days, from history to `docs/metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Table
from covernance.errors import InputError
from covernance.history.store import Entry, Store
from covernance.model.snapshot import Snapshot
from covernance.report import digest, trend
from covernance.report.digest import Course, DatedPatch, Digest, Exceptions, Window
from covernance.report.trend import Flaky

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
        patches: Patch coverage of runs; those in the span are told.
        exceptions: What happened to the exception register.
    """

    branch: str
    length: timedelta
    until: datetime | None = None
    patches: Sequence[DatedPatch] = ()
    exceptions: Exceptions = Exceptions()


def build(table: Table, store: Store, request: Request) -> Digest:
    """Read history and put the digest together; the clock has no say.

    Raises:
        InputError: The branch has no results, or one can't be read.
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
    for suite in table.suites:
        told = _told([entry for entry in entries if entry.suite == suite.name], window)
        found = [store.read(entry) for entry in told]
        course = digest.course(suite.name, [trend.point(one) for one in found], window)
        courses.append(course)
        if course.points:
            newest.append(found[-1])
            flaky += trend.flaky(found[-len(course.points) :])
    return Digest(
        window=window,
        branch=request.branch,
        themes=table.themes,
        courses=tuple(courses),
        slowest=tuple(trend.slowest(newest, _MOST_SLOW)),
        flaky=tuple(sorted(flaky)),
        patches=tuple(
            dated
            for dated in sorted(request.patches, key=lambda dated: dated.recorded_at)
            if window.holds(trend.moment(dated.recorded_at, dated.patch.suite))
        ),
        exceptions=request.exceptions,
    )


def render(found: Digest, folder: Path) -> dict[Path, bytes]:
    """The digest's files: Markdown, JSON and a chart a suite, by path below `folder`."""
    charts = digest.chart_files(found)
    text = digest.markdown(found, {suite: name for suite, (name, _) in charts.items()})
    return {
        **{folder / name: drawn for name, drawn in charts.values()},
        folder / f"{NAME}.json": digest.document(found),
        folder / f"{NAME}.md": text.encode(),
    }


def publish(content: dict[Path, bytes]) -> None:
    """Write the files, the Markdown last.

    Raises:
        MachineError: One can't be written.
    """
    for path, text in content.items():
        files.write_atomic(path, text)


def _told(entries: Sequence[Entry], window: Window) -> list[Entry]:
    """The entries in a span and the last one before it, oldest first."""
    before = [entry for entry in entries if _moment(entry) <= window.since]
    return [*before[-1:], *(entry for entry in entries if window.holds(_moment(entry)))]


def _moment(entry: Entry) -> datetime:
    return trend.moment(entry.recorded_at, f"the result of {entry.suite} in history")
