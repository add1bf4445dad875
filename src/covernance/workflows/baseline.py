"""All suites together: `coverage/baseline.json`, the combined HTML report, the landing page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from covernance import files
from covernance.config import BASELINE, Table
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.measure import combine
from covernance.model.snapshot import CARRIED
from covernance.workflows import current, dashboard, overview


def baseline(
    table: Table, environ: Mapping[str, str], tell: Callable[[str], None]
) -> tuple[Path, ...]:
    """Combine the last full data of every suite of the table, and publish what comes of it.

    Args:
        table: The table; its folder must be the current one.
        environ: The environment, which names the target of a pull request.
        tell: Is told what the landing page had to leave out, and why.

    Returns:
        The JSON report, coverage.py's HTML report, and the landing page that links to all.

    Raises:
        InputError: A suite has no data; nothing is written, since less than all suites would
            read as all.
    """
    layout = Layout(table.root)
    carried = [
        name
        for name, result in current.results(table).items()
        if result and result.provenance.source == CARRIED
    ]
    if carried:
        msg = f"{BASELINE}: {', '.join(carried)}: the last result was carried from an earlier "
        msg += "commit, and its data is not here; run every suite first"
        raise InputError(msg)
    missing = [suite.name for suite in table.suites if not layout.data(suite.name).is_file()]
    if missing:
        msg = f"{BASELINE}: no data of suite {', '.join(missing)}; run every suite first"
        raise InputError(msg)
    work = files.Workspace(layout.work)
    try:
        data_file = work.path / ".coverage"
        json_report, html = work.path / "report.json", work.path / "html"
        with files.locked(layout.lock):
            if not combine.combine([layout.data(suite.name) for suite in table.suites], data_file):
                msg = f"{BASELINE}: the suites' data is empty; run every suite again"
                raise InputError(msg)
        cov = combine.load(data_file, layout.analyses)
        combine.write_json_with_contexts(cov, json_report)
        combine.write_report(cov, "html", html, title="all suites", last=layout.combined_html)
        with files.locked(layout.lock):
            files.publish_folder(html, layout.combined_html)
            files.publish_file(json_report, layout.baseline)
    finally:
        work.close()
    state = overview.state(table, None, environ, tell)
    past = dashboard.history(current.store(table), table.default_branch, state)
    dashboard.publish(table, dashboard.render(table, state, past))
    return (layout.baseline, layout.combined_html, layout.html / "index.html")
