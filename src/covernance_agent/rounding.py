"""Percentages in coverage.py's reports: two decimals, rounded down, as the tool shows them.

coverage.py rounds to the nearest, by default to whole percentages: 89.5 % is 90 % in its report,
and below a floor of 90 % in the verdict. The counts in the reports are not changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coverage import Coverage, xmlreport
from coverage.results import Numbers

_WHOLE = 10_000


@contextmanager
def round_down(cov: Coverage) -> Iterator[None]:
    """Let coverage.py write reports of its data with such percentages."""
    cov.set_option("report:precision", 2)
    replacements: dict[tuple[Any, str], object] = {
        (Numbers, "pc_covered_str"): property(lambda numbers: _percent(*numbers.ratio_covered)),
        (Numbers, "pc_statements_str"): property(
            lambda numbers: _percent(*numbers.ratio_statements)
        ),
        (Numbers, "pc_branches_str"): property(lambda numbers: _percent(*numbers.ratio_branches)),
        (xmlreport, "rate"): _rate,
    }
    own = {place: vars(place[0])[place[1]] for place in replacements}
    try:
        for (holder, name), value in replacements.items():
            setattr(holder, name, value)
        yield
    finally:
        for (holder, name), value in own.items():
            setattr(holder, name, value)


def _percent(covered: int, total: int) -> str:
    """Format a percentage; as in coverage.py, all of nothing is 100 %."""
    hundredths = covered * _WHOLE // total if total else _WHOLE
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _rate(covered: int, total: int) -> str:
    """Format a rate of the XML report, without zeros at its end; all of nothing is 1."""
    return f"{covered * _WHOLE // total / _WHOLE:.4g}" if total else "1"
