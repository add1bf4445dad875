"""Times as snapshots and users write them: ISO 8601, in UTC where no zone is given."""

from __future__ import annotations

from datetime import UTC, datetime

from covernance.errors import InputError

_FIRST_YEAR, _LAST_YEAR = 1970, 9998


def parse(text: str) -> datetime | None:
    """Read a time; None where it is none, a mere day, or of a year that can't be counted with."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read(text: str, where: str) -> datetime:
    """Read a time; `where` names it in the error.

    Raises:
        InputError: It is none.
    """
    moment = parse(text)
    if moment is None:
        msg = f"{where}: {text!r} is no time; write it as 2026-11-21T12:00:00Z"
        raise InputError(msg)
    return moment


def format_days(number: int) -> str:
    """`1 day`, or any other number of days."""
    return f"{number} day{'' if number == 1 else 's'}"
