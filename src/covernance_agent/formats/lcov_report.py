"""coverage.py's LCOV report."""

from __future__ import annotations

from coverage import Coverage

from covernance_agent.formats import FileReport


def write(cov: Coverage, report: FileReport) -> None:
    """Write the report to a file."""
    cov.lcov_report(outfile=str(report.path))
