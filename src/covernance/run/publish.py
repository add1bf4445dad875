"""Publish the reports of a run atomically: each is written aside, then moved into place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from covernance import files
from covernance.agent.reports import ReportFile
from covernance.config import Suite
from covernance.context import Context
from covernance.engine.arguments import ReportRequest
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.report_formats import FORMATS, STANDARD

Targets = Mapping[Path, ReportFile]
"""Final paths, each with the staged report that is moved there."""


def reject_conflicts(context: Context, suite: Suite, requested: Sequence[ReportRequest]) -> None:
    """Reject report options that would overwrite something else.

    Raises:
        InputError: A path belongs to another result, is a folder with other files, or is a folder
            although the report is a file.
    """
    layout = context.layout
    for request in requested:
        if request.path is None:
            continue
        target = (layout.root / request.path).resolve()
        option = f"--cov-report={request.format}:{request.path}"
        if target == layout.report(suite.name, request.format).resolve():
            continue
        if _belongs_to_result(target, context):
            msg = f"{option}: another result is stored there; choose another path"
            raise InputError(msg)
        is_folder = FORMATS[request.format].is_folder
        if not is_folder and target.is_dir():
            msg = f"{option}: is a folder; name a file"
            raise InputError(msg)
        if is_folder and _has_other_files(target, layout.root):
            msg = f"{option}: the folder has files that are not a coverage.py report; "
            msg += "name a new folder"
            raise InputError(msg)


def _belongs_to_result(target: Path, context: Context) -> bool:
    layout = context.layout
    result_paths = [layout.baseline, layout.html, layout.combined_html, layout.folder]
    for suite in context.table.suites:
        result_paths += [layout.report(suite.name, kind) for kind in STANDARD]
        result_paths += [layout.snapshot(suite.name), layout.junit(suite.name)]
        result_paths += [layout.data(suite.name)]
    data = layout.data("any").parents[1]
    return any(target == path.resolve() for path in result_paths) or target.is_relative_to(
        data.resolve()
    )


def _has_other_files(target: Path, root: Path) -> bool:
    if root.resolve().is_relative_to(target) or (target.exists() and not target.is_dir()):
        return True
    return target.is_dir() and any(target.iterdir()) and not (target / "status.json").is_file()


def plan_complete(
    suite: str, requested: Sequence[ReportRequest], layout: Layout, work: Path
) -> Targets:
    """Plan the reports of a complete run: the standard ones and those requested.

    Args:
        suite: The suite's name.
        requested: The user's `--cov-report` options.
        layout: The paths of results.
        work: An unused folder on the same file system.
    """
    places = {layout.report(suite, kind): kind for kind in STANDARD}
    places |= _requested_places(requested, layout, lambda kind: layout.report(suite, kind))
    return _staged(places, work, title=suite)


def plan_partial(
    suite: str, requested: Sequence[ReportRequest], layout: Layout, work: Path
) -> Targets:
    """Plan the reports requested from a partial run, without replacing a complete run's.

    A path that belongs to a complete run's report goes to `coverage/partial/` instead.
    """
    reserved = {layout.report(suite, kind).resolve() for kind in STANDARD}
    places = {
        layout.partial(suite, kind) if path.resolve() in reserved else path: kind
        for path, kind in _requested_places(
            requested, layout, lambda kind: layout.partial(suite, kind)
        ).items()
    }
    return _staged(places, work, title=f"{suite} (partial)")


def publish_reports(targets: Targets, layout: Layout) -> tuple[Path, ...]:
    """Move reports to their final paths.

    Returns:
        The final paths, in the order of writing.
    """
    _finish(targets)
    with files.locked(layout.lock):
        _move(targets)
    return tuple(targets)


def publish_complete(
    snapshot: Snapshot,
    targets: Targets,
    data_file: Path,
    layout: Layout,
    other_reports: Mapping[Path, Path],
) -> tuple[Path, ...]:
    """Publish a complete run: its data, its reports, and finally the snapshot.

    Args:
        snapshot: The suite's result.
        targets: Its staged reports, which are moved.
        data_file: Its combined data, which is moved.
        layout: The paths of results.
        other_reports: Final paths, each with the staged file that is moved there.

    Returns:
        The final paths of reports and snapshot, in the order of writing.
    """
    _finish(targets)
    with files.locked(layout.lock):
        files.publish_file(data_file, layout.data(snapshot.suite))
        _move(targets)
        for place, staged in other_reports.items():
            files.publish_file(staged, place)
        files.write_atomic(layout.snapshot(snapshot.suite), snapshot.encode())
    return (*targets, *other_reports, layout.snapshot(snapshot.suite))


def _requested_places(
    requested: Sequence[ReportRequest], layout: Layout, default: Callable[[str], Path]
) -> dict[Path, str]:
    return {
        layout.root / request.path if request.path else default(request.format): request.format
        for request in requested
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
