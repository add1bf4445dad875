"""Put reports in their places: written aside, then moved, so that each is whole or the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from covernance import files
from covernance.config import Suite, Table
from covernance.engine.arguments import Format, ReportRequest
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance_agent import combining
from covernance_agent.reporting import Reporting

_STANDARD: tuple[Format, ...] = ("json", "xml", "html")


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
        if request.format != "html" and target.is_dir():
            msg = f"{option}: is a folder; name a file"
            raise InputError(msg)
        if request.format == "html" and _holds_other_things(target, layout.root):
            msg = f"{option}: holds other things than a report of coverage.py; name a new folder"
            raise InputError(msg)


def _belongs(target: Path, layout: Layout, table: Table) -> bool:
    owned = [layout.baseline, layout.html, layout.combined_html, layout.folder]
    for suite in table.suites:
        owned += [layout.report(suite.name, kind) for kind in _STANDARD]
        owned += [layout.snapshot(suite.name), layout.data(suite.name)]
    data = layout.data("any").parents[1]
    return any(target == path.resolve() for path in owned) or target.is_relative_to(data.resolve())


def _holds_other_things(target: Path, root: Path) -> bool:
    if root.resolve().is_relative_to(target) or (target.exists() and not target.is_dir()):
        return True
    return target.is_dir() and any(target.iterdir()) and not (target / "status.json").is_file()


def full(
    snapshot: Snapshot,
    cov: Reporting,
    data_file: Path,
    asked: Sequence[ReportRequest],
    layout: Layout,
    work: Path,
) -> tuple[Path, ...]:
    """Publish a full run: data, the standard reports, those asked for, and the snapshot last.

    Args:
        snapshot: The suite's result.
        cov: Its combined data, opened for reporting.
        data_file: The file that holds that data; it is moved.
        asked: The user's `--cov-report` options.
        layout: Where results lie.
        work: A folder on the same file system that nothing else uses.

    Returns:
        The paths of the reports, in the order of writing.
    """
    suite = snapshot.suite
    targets: dict[Path, Format] = {layout.report(suite, kind): kind for kind in _STANDARD}
    targets |= _asked(asked, layout, lambda kind: layout.report(suite, kind))
    staged = _stage(cov, targets, work, title=suite)
    with files.locked(layout.lock):
        files.publish_file(data_file, layout.data(suite))
        _publish(staged, targets)
        files.write_atomic(layout.snapshot(suite), snapshot.encode())
    return (*targets, layout.snapshot(suite))


def partial(
    suite: str, cov: Reporting, asked: Sequence[ReportRequest], layout: Layout, work: Path
) -> tuple[Path, ...]:
    """Publish the reports asked for of a selection, never in the place of a full run's.

    A path that belongs to a full run's report goes to `coverage/partial/` instead.
    """
    reserved = {layout.report(suite, kind).resolve() for kind in _STANDARD}
    targets = {
        layout.partial(suite, kind) if path.resolve() in reserved else path: kind
        for path, kind in _asked(asked, layout, lambda kind: layout.partial(suite, kind)).items()
    }
    staged = _stage(cov, targets, work, title=f"{suite} (partial)")
    with files.locked(layout.lock):
        _publish(staged, targets)
    return tuple(targets)


def _asked(
    asked: Sequence[ReportRequest], layout: Layout, usual: Callable[[Format], Path]
) -> dict[Path, Format]:
    return {
        layout.root / request.path if request.path else usual(request.format): request.format
        for request in asked
        if not request.format.startswith("term")
    }


def _stage(
    cov: Reporting, targets: Mapping[Path, Format], work: Path, *, title: str
) -> dict[Path, Path]:
    staged = {}
    for number, (target, kind) in enumerate(targets.items()):
        staged[target] = work / "reports" / f"{number}-{kind}"
        combining.write_report(cov, kind, staged[target], title=title, others=[target])
    return staged


def _publish(staged: Mapping[Path, Path], targets: Mapping[Path, Format]) -> None:
    for target, source in staged.items():
        if targets[target] == "html":
            files.publish_folder(source, target)
        else:
            files.publish_file(source, target)
