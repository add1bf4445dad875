"""What coverage.py's JSON report holds, without its way of writing that down.

coverage.py writes by `json.dump`, which encodes in Python: of the report with contexts of a real
project that is nine tenths of the time. The report is on one line: the tool indents what people
read.
"""

from __future__ import annotations

import io
import json
from functools import lru_cache

from coverage import Coverage
from coverage.control import override_config
from coverage.jsonreport import JsonReporter


class _Complete(Exception):  # noqa: N818 - no error
    """The document is complete: coverage.py began to write it."""


class _Ends(io.StringIO):
    def write(self, _text: str) -> int:
        raise _Complete


def encode_report(cov: Coverage) -> bytes:
    """The report, as `coverage json` has it but for white space."""
    reporter = JsonReporter(cov)
    try:
        reporter.report(None, _Ends())
    except _Complete:
        text = json.dumps(reporter.report_data, ensure_ascii=False, separators=(",", ":"))
        return text.encode()
    msg = "coverage.py's JSON reporter wrote nothing"
    raise AssertionError(msg)


def encode_with_contexts(cov: Coverage) -> bytes:
    """The report with the contexts of every line, as `coverage json --show-contexts` has it.

    coverage.py asks for the contexts of a whole file once more for each of its functions: the last
    answer is reused.
    """
    data = cov.get_data()
    vars(data)["contexts_by_lineno"] = lru_cache(maxsize=1)(data.contexts_by_lineno)
    try:
        with override_config(cov, json_show_contexts=True):
            return encode_report(cov)
    finally:
        del vars(data)["contexts_by_lineno"]
