"""coverage.py HTML reports per theme."""

from __future__ import annotations

from pathlib import Path

from covernance import files
from covernance.agent.reports import Report, Reported, ReportFile
from covernance.agent.suites import Agents, ask_each
from covernance.config import Suite
from covernance.context import Context
from covernance.layout import Layout
from covernance.model.context_name import pattern


def theme_reports(context: Context, agents: Agents) -> tuple[Path, ...]:
    """Write a coverage.py HTML report per suite and theme, for suites with data.

    The current folder must be the repository's root. Each report is stored inside its suite's
    HTML report, so that the suite's next run replaces it too.

    Args:
        context: The table, and the paths of data and reports.
        agents: Finds the agent of a suite.

    Returns:
        The reports' folders.

    Raises:
        CovernanceError: Data is damaged, or a source can't be read.
    """
    layout = context.layout
    work = files.Workspace(layout.work)
    try:
        reports = {
            layout.report(suite.name, "html") / theme: (
                suite,
                _report(suite, theme, layout, work.path / suite.name / theme),
            )
            for suite in context.table.suites
            if layout.data(suite.name).is_file()
            for theme in suite.themes
        }
        ask_each(agents, [*reports.values()], Reported)
        with files.locked(layout.lock):
            for target, (_, report) in reports.items():
                files.publish_folder(report.reports[0].path, target)
        return tuple(reports)
    finally:
        work.close()


def _report(suite: Suite, theme: str, layout: Layout, work: Path) -> Report:
    html = ReportFile(format="html", path=work / "html", title=f"{suite.name} by {theme}")
    return Report(
        data=(layout.data(suite.name),),
        target=work / ".coverage",
        source=suite.source,
        analyses=layout.analyses,
        contexts=(pattern(theme),),
        reports=(html,),
    )
