"""coverage.py's XML report, with file names relative to the root, as in the other reports.

coverage.py would make them relative to the suite's source. Services that ignore a relative
`<source>`, such as Codecov, could then not distinguish the `server.py` of two suites.
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
