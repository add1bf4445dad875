"""coverage.py's HTML report."""

from __future__ import annotations

from coverage import Coverage

from covernance_agent import fence
from covernance_agent.formats import FileReport


def write(cov: Coverage, report: FileReport) -> None:
    """Write the report to a folder; link equal pages of other reports if possible."""
    if fence.is_known():
        from covernance_agent.linked_html import write_linked  # noqa: PLC0415 - private names

        write_linked(cov, report.path, report.others, title=report.title)
    else:
        cov.html_report(directory=str(report.path), title=report.title, show_contexts=True)
