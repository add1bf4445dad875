"""Generate the landing page, badges and metrics from the current results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.context import Context
from covernance.dashboard.render import Reports, render_page
from covernance.history.store import Entry, Store, group_by_suite
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.reports import badges, openmetrics, trend
from covernance.reports.state import State
from covernance.reports.trend import Flaky, Point

MOST_RESULTS = 30
"""The maximum number of results in a suite's trend."""


class History(msgspec.Struct, frozen=True):
    """The results of each suite over time, and the tests that both passed and failed."""

    points: dict[str, list[Point]]
    flaky: tuple[Flaky, ...]


def history(store: Store, branch: str, state: State, most: int = MOST_RESULTS) -> History:
    """Read the last results of every suite on a branch, with the current result last.

    Raises:
        CovernanceError: A stored snapshot can't be read.
    """
    points: dict[str, list[Point]] = {}
    flaky: set[Flaky] = set()
    entries_by_suite = group_by_suite(store.entries(branch=branch))
    for name, current in state.suites.items():
        snapshots = [
            *_read_earlier(store, entries_by_suite.get(name, []), current, most),
            *([current] if current else []),
        ]
        points[name] = [trend.point(snapshot) for snapshot in snapshots]
        flaky.update(trend.flaky(snapshots))
    return History(points, tuple(sorted(flaky)))


def render_files(context: Context, state: State, past: History) -> dict[Path, bytes]:
    """Return the files that `publish` writes, by path; the page comes last.

    Raises:
        CovernanceError: A snapshot can't be read, or two badges have the same name.
    """
    layout = context.layout
    content = {
        layout.folder / "badges" / name: badge for name, badge in badges.badges(state).items()
    }
    content[layout.folder / "metrics.prom"] = openmetrics.render(state).encode()
    content[layout.html / "index.html"] = render_page(
        context.root.name, state, past.points, past.flaky, _find_reports(context)
    )
    return content


def publish(layout: Layout, content: dict[Path, bytes]) -> None:
    """Write the files, and remove the badges of suites and themes that no longer exist.

    Unchanged files are not written again; most badges do not change.

    Raises:
        MachineError: A file can't be written.
    """
    with files.locked(layout.lock):
        for path, text in content.items():
            if not path.is_file() or path.read_bytes() != text:
                files.write_atomic(path, text)
        for badge in (layout.folder / "badges").glob("*.svg"):
            if badge not in content:
                badge.unlink()


def _read_earlier(
    store: Store, entries: Sequence[Entry], current: Snapshot | None, most: int
) -> Iterable[Snapshot]:
    """The last results before the current one, oldest first."""
    source = current.provenance if current else None
    earlier = [
        entry
        for entry in entries
        if source is None
        or (entry.run_id != source.run_id and entry.recorded_at <= source.recorded_at)
    ]
    return (store.read(entry) for entry in earlier[-most:])


def _find_reports(context: Context) -> Reports:
    suites = context.table.suites

    def exists(*parts: str) -> bool:
        return context.layout.html.joinpath(*parts, "index.html").is_file()

    return Reports(
        combined=exists("all"),
        suites=frozenset(suite.name for suite in suites if exists(suite.name)),
        themes=frozenset(
            (suite.name, theme)
            for suite in suites
            for theme in suite.themes
            if exists(suite.name, theme)
        ),
    )
