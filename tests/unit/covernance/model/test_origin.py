from __future__ import annotations

import msgspec
import pytest

from covernance.model.origin import describe_origin
from covernance.model.snapshot import Origin, Snapshot

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("recorded_at", "age"),
    [
        ("2026-11-21T12:59:59Z", "59 min"),
        ("2026-11-22T11:59:59Z", "23 h"),
        ("2026-11-24T12:00:00Z", "3 days"),
    ],
)
def test_reused_results_show_their_origin_and_age(
    snapshot: Snapshot, recorded_at: str, age: str
) -> None:
    origin = Origin("c" * 40, "2026-11-21T12:00:00Z")
    source = msgspec.structs.replace(
        snapshot.provenance, source="reused", origin=origin, recorded_at=recorded_at
    )
    assert describe_origin(source) == f"reused from {'c' * 12}, {age} old"
    nowhere = msgspec.structs.replace(source, origin=Origin(None, origin.recorded_at))
    assert describe_origin(nowhere) == f"reused from 2026-11-21T12:00:00Z, {age} old"
    assert describe_origin(snapshot.provenance) == ""


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("recorded_at", "age"),
    [("2026-11-20T12:00:00", "1 day old"), ("yesterday", "of unknown age")],
)
def test_a_result_with_a_damaged_time_is_of_unknown_age(
    snapshot: Snapshot, recorded_at: str, age: str
) -> None:
    now = "2026-11-21T12:00:00Z"
    carried = msgspec.structs.replace(
        snapshot.provenance, source="carried", carried_at=now, recorded_at=recorded_at
    )
    reused = msgspec.structs.replace(
        snapshot.provenance,
        source="reused",
        origin=Origin("c" * 40, recorded_at),
        recorded_at=now,
    )
    assert describe_origin(carried) == f"carried from {'0' * 12}, {age}"
    assert describe_origin(reused) == f"reused from {'c' * 12}, {age}"
