"""coverage.py's XML report, in which files are named from the root, as in the other reports.

coverage.py would name them from the suite's source, and services that ignore a relative `<source>`,
as Codecov does, could not tell one suite's `server.py` from another's.
"""

from __future__ import annotations

from coverage import Coverage

from covernance_agent.formats import FileReport

_SOURCE = "run:source"


def write(cov: Coverage, report: FileReport) -> None:
    """Write the report to a file."""
    source = cov.get_option(_SOURCE)
    cov.set_option(_SOURCE, [])
    try:
        cov.xml_report(outfile=str(report.path))
    finally:
        cov.set_option(_SOURCE, source)
