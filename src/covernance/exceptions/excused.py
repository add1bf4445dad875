"""Find the exceptions of a suite that are in force today, for the gate."""

from __future__ import annotations

from datetime import date

from covernance.config import Suite, Table
from covernance.exceptions import waivers
from covernance.exceptions.workflow import read_rows
from covernance.gate.floors import Exceptions


def find_exceptions(table: Table, suite: Suite, today: date) -> Exceptions:
    """Find the files whose floors are waived for a suite, and its expired exceptions.

    Raises:
        InputError: The register can't be read or is damaged.
    """
    rows = read_rows(table)
    return Exceptions(
        waivers.find_waived(rows, suite.name, today),
        waivers.describe_expired(rows, suite.name, today),
    )
