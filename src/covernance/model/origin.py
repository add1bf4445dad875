"""Where results come from that a run did not measure itself."""

from __future__ import annotations

from datetime import timedelta

from covernance.model import timestamp
from covernance.model.snapshot import CARRIED, MEASURED, REUSED, Provenance
from covernance.model.text import short_commit

_HOUR = 60
_DAY = 24 * _HOUR
_UNKNOWN_AGE = "of unknown age"


def describe_origin(source: Provenance) -> str:
    """Where a result comes from that the run itself did not measure; "" where it did."""
    if source.source == MEASURED:
        return ""
    if source.source == REUSED and source.origin:
        whence = short_commit(source.origin.commit, source.origin.recorded_at)
        return f"{REUSED} from {whence}, {_old(source.origin.recorded_at, source.recorded_at)}"
    if source.source != CARRIED or source.carried_at is None:
        return source.source
    old = _old(source.recorded_at, source.carried_at)
    return f"{CARRIED} from {short_commit(source.commit)}, {old}"


def _old(before: str, after: str) -> str:
    """How much later one time is than another: `5 min old`, `3 h old`, `2 days old`."""
    first, last = timestamp.parse(before), timestamp.parse(after)
    if not first or not last:
        return _UNKNOWN_AGE
    minutes = (last - first) // timedelta(minutes=1)
    if minutes < _HOUR:
        return f"{minutes} min old"
    if minutes < _DAY:
        return f"{minutes // _HOUR} h old"
    return f"{timestamp.days(minutes // _DAY)} old"
