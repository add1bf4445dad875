"""coverage.py's reports of all suites together."""

from __future__ import annotations

from covernance import files
from covernance.config import BASELINE, Table
from covernance.errors import InputError
from covernance.layout import Layout
from covernance_agent import combining


def write(table: Table, layout: Layout) -> None:
    """Combine the data of every suite; publish `coverage/baseline.json` and the HTML report.

    The current folder must be the repository's root.

    Raises:
        CovernanceError: Data is damaged or empty, a source can't be read, or a report can't be
            written.
    """
    work = files.Workspace(layout.work)
    try:
        data_file = work.path / ".coverage"
        json_report, html = work.path / "report.json", work.path / "html"
        with files.locked(layout.lock):
            if not combining.combine(
                [layout.data(suite.name) for suite in table.suites], data_file
            ):
                msg = f"{BASELINE}: the suites' data is empty; run every suite again"
                raise InputError(msg)
        cov = combining.load(data_file, layout.analyses)
        combining.write_json_with_contexts(cov, json_report)
        suites = [layout.report(suite.name, "html") for suite in table.suites]
        others = [layout.combined_html, *suites]
        combining.write_report(cov, "html", html, title="all suites", others=others)
        with files.locked(layout.lock):
            files.publish_folder(html, layout.combined_html)
            files.publish_file(json_report, layout.baseline)
    finally:
        work.close()
