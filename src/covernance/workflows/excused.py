"""What the exception register says of a suite today, for the gate."""

from __future__ import annotations

from datetime import date

from covernance.config import Suite, Table
from covernance.policy import waivers
from covernance.policy.gate import Exceptions
from covernance.workflows.exceptions import rows


def exceptions(table: Table, suite: Suite, today: date) -> Exceptions:
    """The floors that the register waives for a suite, and the exceptions that ran out.

    Raises:
        InputError: The register can't be read, or is damaged.
    """
    found = rows(table)
    return Exceptions(
        waivers.waived(found, suite.name, today),
        waivers.overdue(found, suite.name, today),
    )
