"""The origin of results that were reused or carried forward."""

from __future__ import annotations

from datetime import timedelta

from covernance.model import timestamp
from covernance.model.snapshot import CARRIED, MEASURED, REUSED, Provenance
from covernance.model.text import short_commit

_HOUR = 60
_DAY = 24 * _HOUR
_UNKNOWN_AGE = "of unknown age"


def describe_origin(source: Provenance) -> str:
    """Describe where a result comes from; "" if the run itself measured it."""
    if source.source == MEASURED:
        return ""
    if source.source == REUSED and source.origin:
        place = short_commit(source.origin.commit, source.origin.recorded_at)
        age = _describe_age(source.origin.recorded_at, source.recorded_at)
        return f"{REUSED} from {place}, {age}"
    if source.source != CARRIED or source.carried_at is None:
        return source.source
    age = _describe_age(source.recorded_at, source.carried_at)
    return f"{CARRIED} from {short_commit(source.commit)}, {age}"


def _describe_age(before: str, after: str) -> str:
    """Describe the age of `before` at the time `after`: `5 min old`, `3 h old`, `2 days old`."""
    first, last = timestamp.parse(before), timestamp.parse(after)
    if not first or not last:
        return _UNKNOWN_AGE
    minutes = (last - first) // timedelta(minutes=1)
    if minutes < _HOUR:
        return f"{minutes} min old"
    if minutes < _DAY:
        return f"{minutes // _HOUR} h old"
    return f"{timestamp.format_days(minutes // _DAY)} old"
