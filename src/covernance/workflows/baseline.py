"""All suites together: `coverage/baseline.json` and the combined HTML report."""

from __future__ import annotations

from pathlib import Path

from covernance import files
from covernance.config import BASELINE, Table
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.measure import combine


def baseline(table: Table) -> tuple[Path, ...]:
    """Combine the last full data of every suite of the table, and publish the result.

    Returns:
        The paths of the JSON report and of the HTML report's first page.

    Raises:
        InputError: A suite has no data; nothing is written, since less than all suites would
            read as all.
    """
    layout = Layout(table.root)
    missing = [suite.name for suite in table.suites if not layout.data(suite.name).is_file()]
    if missing:
        msg = f"{BASELINE}: no data of suite {', '.join(missing)}; run every suite first"
        raise InputError(msg)
    work = files.Workspace(layout.work)
    try:
        data_file = work.path / ".coverage"
        json_report, html = work.path / "report.json", work.path / "html"
        with files.locked(layout.lock):
            combine.combine([layout.data(suite.name) for suite in table.suites], data_file)
        cov = combine.load(data_file)
        combine.write_json_with_contexts(cov, json_report)
        combine.write_report(cov, "html", html, title="all suites")
        with files.locked(layout.lock):
            _publish_pages(html, layout.html)
            files.publish_file(json_report, layout.baseline)
    finally:
        work.close()
    return (layout.baseline, layout.html / "index.html")


def _publish_pages(staged: Path, target: Path) -> None:
    """Replace the combined report's files, the index last; the suites' folders stay."""
    target.mkdir(parents=True, exist_ok=True)
    fresh = {page.name for page in staged.iterdir()}
    for page in sorted(staged.iterdir(), key=lambda page: (page.name == "index.html", page.name)):
        files.publish_file(page, target / page.name)
    for page in target.iterdir():
        if page.is_file() and page.name not in fresh:
            page.unlink()
