"""Where the reports of a run go; put there by moving, so that each is complete or the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from covernance import files
from covernance.agent.reports import ReportFile
from covernance.config import Suite, Table
from covernance.engine.arguments import ReportRequest
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.report_formats import FORMATS, STANDARD

Targets = Mapping[Path, ReportFile]
"""The places of reports, each with the report that is written aside first."""


def refuse(table: Table, suite: Suite, asked: Sequence[ReportRequest]) -> None:
    """Refuse reports that would take the place of something else.

    Raises:
        InputError: A path belongs to another result, is a folder that holds other things, or is
            a folder where a file is to be.
    """
    layout = Layout(table.root)
    for request in asked:
        if request.path is None:
            continue
        target = (layout.root / request.path).resolve()
        option = f"--cov-report={request.format}:{request.path}"
        if target == layout.report(suite.name, request.format).resolve():
            continue
        if _belongs(target, layout, table):
            msg = f"{option}: is the place of another result; choose another path"
            raise InputError(msg)
        is_folder = FORMATS[request.format].is_folder
        if not is_folder and target.is_dir():
            msg = f"{option}: is a folder; name a file"
            raise InputError(msg)
        if is_folder and _holds_other_things(target, layout.root):
            msg = f"{option}: holds other things than a report of coverage.py; name a new folder"
            raise InputError(msg)


def _belongs(target: Path, layout: Layout, table: Table) -> bool:
    owned = [layout.baseline, layout.html, layout.combined_html, layout.folder]
    for suite in table.suites:
        owned += [layout.report(suite.name, kind) for kind in STANDARD]
        owned += [layout.snapshot(suite.name), layout.data(suite.name)]
    data = layout.data("any").parents[1]
    return any(target == path.resolve() for path in owned) or target.is_relative_to(data.resolve())


def _holds_other_things(target: Path, root: Path) -> bool:
    if root.resolve().is_relative_to(target) or (target.exists() and not target.is_dir()):
        return True
    return target.is_dir() and any(target.iterdir()) and not (target / "status.json").is_file()


def plan_complete(
    suite: str, asked: Sequence[ReportRequest], layout: Layout, work: Path
) -> Targets:
    """The reports of a complete run: the standard ones and those asked for.

    Args:
        suite: The suite's name.
        asked: The user's `--cov-report` options.
        layout: Where results lie.
        work: A folder on the same file system that nothing else uses.
    """
    places = {layout.report(suite, kind): kind for kind in STANDARD}
    places |= _asked(asked, layout, lambda kind: layout.report(suite, kind))
    return _staged(places, work, title=suite)


def plan_partial(suite: str, asked: Sequence[ReportRequest], layout: Layout, work: Path) -> Targets:
    """The reports asked for of a selection, never in the place of a complete run's.

    A path that belongs to a complete run's report goes to `coverage/partial/` instead.
    """
    reserved = {layout.report(suite, kind).resolve() for kind in STANDARD}
    places = {
        layout.partial(suite, kind) if path.resolve() in reserved else path: kind
        for path, kind in _asked(asked, layout, lambda kind: layout.partial(suite, kind)).items()
    }
    return _staged(places, work, title=f"{suite} (partial)")


def publish_reports(targets: Targets, layout: Layout) -> tuple[Path, ...]:
    """Move reports to their places.

    Returns:
        The places, in the order of writing.
    """
    _finish(targets)
    with files.locked(layout.lock):
        _move(targets)
    return tuple(targets)


def publish_complete(
    snapshot: Snapshot, targets: Targets, data_file: Path, layout: Layout
) -> tuple[Path, ...]:
    """Publish a complete run: its data, its reports, and the snapshot last.

    Args:
        snapshot: The suite's result.
        targets: Its reports, which are moved.
        data_file: Its combined data, which is moved.
        layout: Where results lie.

    Returns:
        The places of reports and snapshot, in the order of writing.
    """
    _finish(targets)
    with files.locked(layout.lock):
        files.publish_file(data_file, layout.data(snapshot.suite))
        _move(targets)
        files.write_atomic(layout.snapshot(snapshot.suite), snapshot.encode())
    return (*targets, layout.snapshot(snapshot.suite))


def _asked(
    asked: Sequence[ReportRequest], layout: Layout, usual: Callable[[str], Path]
) -> dict[Path, str]:
    return {
        layout.root / request.path if request.path else usual(request.format): request.format
        for request in asked
        if not FORMATS[request.format].for_terminal
    }


def _staged(places: Mapping[Path, str], work: Path, *, title: str) -> Targets:
    return {
        place: ReportFile(
            format=kind, path=work / "reports" / f"{number}-{kind}", title=title, others=(place,)
        )
        for number, (place, kind) in enumerate(places.items())
    }


def _finish(targets: Targets) -> None:
    for report in targets.values():
        if finish := FORMATS[report.format].finish:
            report.path.write_bytes(finish(report.path.read_bytes()))


def _move(targets: Targets) -> None:
    for place, report in targets.items():
        if FORMATS[report.format].is_folder:
            files.publish_folder(report.path, place)
        else:
            files.publish_file(report.path, place)
