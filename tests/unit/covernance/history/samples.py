"""Snapshots and entries for tests of history."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import strategies as st

from covernance.history.store import Entry
from covernance.model.snapshot import Snapshot

COMMIT = "3f" * 20


def recorded(
    snapshot: Snapshot,
    suite: str,
    commit: str | None,
    run_id: str,
    branch: str | None,
    recorded_at: str,
) -> Snapshot:
    """The snapshot as recorded by another run."""
    source = msgspec.structs.replace(
        snapshot.provenance,
        commit=commit,
        run_id=run_id,
        branch=branch,
        recorded_at=recorded_at,
    )
    return msgspec.structs.replace(snapshot, suite=suite, provenance=source)


MOMENTS = st.datetimes(
    min_value=datetime(1000, 1, 1),  # noqa: DTZ001 - hypothesis adds the time zone
    timezones=st.just(UTC),
).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
BRANCHES = st.none() | st.text(min_size=1, max_size=120).filter(str.isprintable)
ENTRIES = st.builds(
    Entry,
    recorded_at=MOMENTS,
    suite=st.from_regex("[a-z][a-z0-9_-]{0,20}", fullmatch=True),
    commit=st.from_regex("[0-9a-f]{40}|[0-9a-f]{64}", fullmatch=True),
    run_id=st.from_regex("[A-Za-z0-9._-]{1,64}", fullmatch=True),
    branch=BRANCHES,
)
"""Any valid entry."""
