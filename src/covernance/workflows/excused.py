"""What the exception register says of a suite today, for the gate."""

from __future__ import annotations

from datetime import date

from covernance.config import Suite, Table
from covernance.errors import InputError
from covernance.policy import register_text, waivers
from covernance.policy.gate import NO_EXCEPTIONS, Exceptions


def exceptions(table: Table, suite: Suite, today: date) -> Exceptions:
    """The floors that the register waives for a suite, and the exceptions that ran out.

    Raises:
        InputError: The register can't be read, or is damaged.
    """
    path = table.root / table.exceptions.register
    if not path.exists():
        return NO_EXCEPTIONS
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: can't be read: {error}"
        raise InputError(msg) from error
    names = [known.name for known in table.suites]
    rows = register_text.parse(text, names, table.exceptions.register).rows
    return Exceptions(
        waivers.waived(rows, suite.name, today),
        waivers.judge(rows, [suite.name], today)[suite.name].reasons,
    )
