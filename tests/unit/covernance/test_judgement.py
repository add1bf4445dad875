from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from covernance.config import Suite
from covernance.gate.floors import NO_EXCEPTIONS, AppliedFloor, Exceptions
from covernance.judgement import Judgement, judge_stored
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot, TestResult
from covernance.model.verdict import Waiver

pytestmark = pytest.mark.security


@pytest.fixture
def passed(snapshot: Snapshot) -> Snapshot:
    """A result of 75 % that passed."""
    cells = dict.fromkeys(("architecture", "security"), snapshot.themes["security"])
    return msgspec.structs.replace(snapshot, verdict="pass", reasons=(), themes=cells)


def by(floor: int, excused: Exceptions = NO_EXCEPTIONS) -> Judgement:
    return Judgement(AppliedFloor(Decimal(floor), "--fail-under"), excused)


@pytest.mark.parametrize(("floor", "verdict"), [(75, "pass"), (76, "below-floor")])
def test_a_stored_pass_is_checked_against_todays_floor(
    suite: Suite, passed: Snapshot, floor: int, verdict: str
) -> None:
    result = judge_stored(suite, passed, by(floor))
    assert (result.verdict, result.floor.percent) == (verdict, str(floor))
    assert bool(result.reasons) == (verdict != "pass")


def test_a_stored_pass_has_todays_waivers(suite: Suite, passed: Snapshot) -> None:
    old = Waiver("apps/api/old.py", "@old", date(2026, 1, 1))
    new = Waiver("apps/api/main.py", "@new", date(2026, 12, 31))
    stored = msgspec.structs.replace(passed, waived=(old,))
    result = judge_stored(suite, stored, by(76, Exceptions((new,))))
    assert result.waived == (new,)
    assert judge_stored(suite, stored, by(75, Exceptions((new,)))).waived == ()


def test_a_stored_pass_fails_for_an_expired_exception(suite: Suite, passed: Snapshot) -> None:
    result = judge_stored(suite, passed, by(75, Exceptions(expired=("old expired",))))
    assert (result.verdict, result.reasons) == ("expired-exception", ("old expired",))


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_stored_pass_with_a_failed_test_fails(
    suite: Suite, passed: Snapshot, outcome: str
) -> None:
    tests = {"t::a": TestResult(outcome=outcome, seconds=0.5, themes=("security",))}
    result = judge_stored(suite, msgspec.structs.replace(passed, tests=tests), by(75))
    assert (result.verdict, result.reasons) == ("tests-failed", ("failed: t::a",))


def test_the_total_is_recomputed_from_the_files(suite: Suite, passed: Snapshot) -> None:
    forged = msgspec.structs.replace(passed, total=Counts(100, 100))
    assert judge_stored(suite, forged, by(75)).total == passed.total


def test_a_failed_result_stays_failed(suite: Suite, snapshot: Snapshot) -> None:
    assert judge_stored(suite, snapshot, by(0)) == snapshot
