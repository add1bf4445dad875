"""Find the exceptions of a suite that are in force today, for the gate."""

from __future__ import annotations

from covernance.config import Suite
from covernance.context import Context
from covernance.exceptions import waivers
from covernance.exceptions.workflow import read_rows, review_dates
from covernance.gate.floors import Exceptions


def find_exceptions(context: Context, suite: Suite) -> Exceptions:
    """Find the files whose floors are waived for a suite, its expired and its other exceptions.

    Raises:
        InputError: The register can't be read or is damaged.
    """
    rows, dates = read_rows(context.table), review_dates(context)
    return Exceptions(
        waivers.find_waived(rows, suite.name, dates),
        waivers.describe_expired(rows, suite.name, dates.today),
        waivers.describe_idle(rows, suite.name, dates),
    )
