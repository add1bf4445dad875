"""Combined coverage.py reports of all suites."""

from __future__ import annotations

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.reports import Report, Reported, ReportFile
from covernance.config import BASELINE
from covernance.context import Context
from covernance.errors import InputError


def write_combined(context: Context, agent: Agent) -> None:
    """Combine the data of every suite; publish `coverage/baseline.json` and the HTML report.

    The current folder must be the repository's root.

    Raises:
        CovernanceError: Data is damaged or empty, a source can't be read, or a report can't be
            written.
    """
    table, layout = context.table, context.layout
    work = files.Workspace(layout.work)
    try:
        suites = [layout.report(suite.name, "html") for suite in table.suites]
        html = ReportFile(
            format="html",
            path=work.path / "html",
            title="all suites",
            others=(layout.combined_html, *suites),
        )
        # Without indentation: with the contexts of each line, the file is too large to read anyway.
        json = ReportFile(
            format="json", path=work.path / "report.json", title="all suites", contexts=True
        )
        report = Report(
            data=tuple(layout.data(suite.name) for suite in table.suites),
            target=work.path / ".coverage",
            source=tuple(dict.fromkeys(path for suite in table.suites for path in suite.source)),
            analyses=layout.analyses,
            reports=(json, html),
        )
        if not agent.ask(report, Reported).data:
            msg = f"{BASELINE}: the suites' data is empty; run every suite again"
            raise InputError(msg)
        with files.locked(layout.lock):
            files.publish_folder(html.path, layout.combined_html)
            files.publish_file(json.path, layout.baseline)
    finally:
        work.close()
