"""Find the exceptions of a suite that are in force today, for the gate."""

from __future__ import annotations

from covernance.config import Suite
from covernance.context import Context
from covernance.exceptions import waivers
from covernance.exceptions.workflow import read_rows
from covernance.gate.floors import Exceptions


def find_exceptions(context: Context, suite: Suite) -> Exceptions:
    """Find the files whose floors are waived for a suite, and its expired exceptions.

    Raises:
        InputError: The register can't be read or is damaged.
    """
    rows, today = read_rows(context.table), context.now.date()
    return Exceptions(
        waivers.find_waived(rows, suite.name, today),
        waivers.describe_expired(rows, suite.name, today),
    )
