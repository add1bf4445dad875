"""What coverage.py's JSON report holds, without its way of writing that down.

coverage.py writes by `json.dump`, which encodes in Python: of the report with contexts of a real
project that is nine tenths of the time.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from coverage.control import override_config
from coverage.jsonreport import JsonReporter

if TYPE_CHECKING:
    from covernance_agent.reporting import Reporting

_INDENT = 4


class _Complete(Exception):  # noqa: N818 - no error
    """The document is complete: coverage.py began to write it."""


class _Ends(io.StringIO):
    def write(self, _text: str) -> int:
        raise _Complete


def for_readers(cov: Reporting) -> bytes:
    """The report as `coverage json --pretty-print` writes it."""
    return msgspec.json.format(_document(cov), indent=_INDENT)


def with_contexts(cov: Reporting) -> bytes:
    """The report with the contexts of every line, as `--show-contexts` has it; on one line.

    coverage.py asks for the contexts of a whole file once more for each of its functions: the last
    answer is kept meanwhile.
    """
    data = cov.get_data()
    vars(data)["contexts_by_lineno"] = lru_cache(maxsize=1)(data.contexts_by_lineno)
    try:
        with override_config(cov, json_show_contexts=True):
            return _document(cov)
    finally:
        del vars(data)["contexts_by_lineno"]


def _document(cov: Reporting) -> bytes:
    reporter = JsonReporter(cov)
    try:
        reporter.report(None, _Ends())
    except _Complete:
        return msgspec.json.encode(reporter.report_data)
    msg = "coverage.py's JSON reporter wrote nothing"
    raise AssertionError(msg)
