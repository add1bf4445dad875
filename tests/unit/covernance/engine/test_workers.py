from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.engine.workers import LONG_SECONDS, assign_workers
from covernance.errors import MachineError

pytestmark = pytest.mark.architecture

LONG, LONGER, SHORT = ("api", "security"), ("api", "reliability"), ("auth", "security")


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (3, {}),
        (4, {LONGER: 2}),
        (5, {LONGER: 3}),
        (6, {LONGER: 3, LONG: 2}),
        (64, {LONGER: 4, LONG: 2}),
    ],
)
def test_idle_cores_are_given_to_the_longest_passes(
    jobs: int, expected: dict[tuple[str, str], int]
) -> None:
    seconds = {LONG: 1.5 * LONG_SECONDS, LONGER: 3.9 * LONG_SECONDS, SHORT: 0.9 * LONG_SECONDS}
    assert assign_workers([SHORT, LONG, LONGER], seconds, jobs, ["api", "auth"]) == expected


@given(
    st.dictionaries(st.tuples(st.text(), st.text()), st.floats(0, 1e6), max_size=9),
    st.integers(1, 64),
)
def test_workers_never_exceed_the_cores(seconds: dict[tuple[str, str], float], jobs: int) -> None:
    result = assign_workers([*seconds], seconds, jobs, {suite for suite, _ in seconds})
    used = sum(result.get(key, 1) for key in seconds)
    assert used <= max(jobs, len(seconds))
    assert all(seconds[key] / (count - 1) >= LONG_SECONDS for key, count in result.items())


def test_passes_without_xdist_or_earlier_times_get_no_workers() -> None:
    assert assign_workers([LONG, SHORT], {}, 8, ()) == {}


@pytest.mark.reliability
def test_a_missing_pytest_xdist_is_reported_only_if_it_would_be_used() -> None:
    assert assign_workers([LONG], {LONG: 1.0}, 2, ["auth"]) == {}
    with pytest.raises(MachineError, match="api: xdist = true needs pytest-xdist"):
        assign_workers([LONG], {LONG: 2 * LONG_SECONDS}, 2, ["auth"])
