"""coverage.py's HTML reports of single themes."""

from __future__ import annotations

from pathlib import Path

from covernance import files
from covernance.config import Suite, Table
from covernance.layout import Layout
from covernance.model.context_name import pattern
from covernance_agent import combining


def theme_reports(table: Table) -> tuple[Path, ...]:
    """Write coverage.py's HTML report of every theme of every suite that has data.

    The current folder must be the repository's root. A report lies in its suite's, so that the
    next run of the suite takes it away with the rest.

    Returns:
        The reports' folders.

    Raises:
        CovernanceError: Data is damaged, or a source can't be read.
    """
    layout = Layout(table.root)
    measured = [suite for suite in table.suites if layout.data(suite.name).is_file()]
    work = files.Workspace(layout.work)
    try:
        return tuple(
            _theme_report(suite, theme, layout, work.path)
            for suite in measured
            for theme in suite.themes
        )
    finally:
        work.close()


def _theme_report(suite: Suite, theme: str, layout: Layout, work: Path) -> Path:
    cov = combining.load(layout.data(suite.name), layout.analyses)
    cov.set_option("report:contexts", [pattern(theme)])
    staged = work / suite.name / theme
    combining.write_report(cov, "html", staged, title=f"{suite.name} by {theme}")
    target = layout.report(suite.name, "html") / theme
    with files.locked(layout.lock):
        files.publish_folder(staged, target)
    return target
