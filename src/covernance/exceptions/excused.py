"""What the exception register says of a suite today, for the gate."""

from __future__ import annotations

from datetime import date

from covernance.config import Suite, Table
from covernance.exceptions import waivers
from covernance.exceptions.workflow import read_rows
from covernance.gate.floors import Exceptions


def exceptions(table: Table, suite: Suite, today: date) -> Exceptions:
    """The floors that the register waives for a suite, and the exceptions that ran out.

    Raises:
        InputError: The register can't be read, or is damaged.
    """
    found = read_rows(table)
    return Exceptions(
        waivers.waived(found, suite.name, today),
        waivers.overdue(found, suite.name, today),
    )
