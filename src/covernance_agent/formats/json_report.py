"""coverage.py's JSON report, on one line; the tool indents the reports that people read."""

from __future__ import annotations

from coverage import Coverage

from covernance_agent import fence
from covernance_agent.formats import FileReport


def write(cov: Coverage, report: FileReport) -> None:
    """Write the report to a file, with the contexts of every line if asked."""
    if fence.is_known():
        from covernance_agent import compact_json  # noqa: PLC0415 - private names

        encode = compact_json.encode_report
        if report.contexts:
            encode = compact_json.encode_with_contexts
        report.path.write_bytes(encode(cov))
    else:
        cov.json_report(outfile=str(report.path), pretty_print=False, show_contexts=report.contexts)
