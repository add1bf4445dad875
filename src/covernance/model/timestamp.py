"""Times in snapshots and options: ISO 8601, in UTC if no zone is given."""

from __future__ import annotations

from datetime import UTC, datetime

from covernance.errors import InputError

_FIRST_YEAR, _LAST_YEAR = 1970, 9998


def parse(text: str) -> datetime | None:
    """Parse a time; None if it is not one, lacks the time of day, or has an out-of-range year."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read(text: str, where: str) -> datetime:
    """Parse a time; `where` names it in the error.

    Raises:
        InputError: The text is not a time.
    """
    moment = parse(text)
    if moment is None:
        msg = f"{where}: {text!r} is not a time; write it as 2026-11-21T12:00:00Z"
        raise InputError(msg)
    return moment


def format_days(number: int) -> str:
    """Format a number of days: `1 day`, `2 days`."""
    return f"{number} day{'' if number == 1 else 's'}"
