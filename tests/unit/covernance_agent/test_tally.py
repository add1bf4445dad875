from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.tally import Tally

pytestmark = pytest.mark.reliability


class Report(SimpleNamespace):
    """A report; `skipped` and `failed` follow from its outcome."""

    def __init__(self, outcome: str, when: str = "call", **more: object) -> None:
        super().__init__(nodeid="t", outcome=outcome, when=when, duration=1.0, **more)
        self.skipped, self.failed = outcome == "skipped", outcome == "failed"


class SubtestReport(Report):
    """As pytest 9 calls it."""


class SubTestReport(Report):
    """As pytest-subtests calls it."""


SETUP, TEARDOWN = Report("passed", "setup"), Report("passed", "teardown")


def tally(*reports: Report) -> Tally:
    result = Tally()
    for report in reports:
        result.add(report)
    return result


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        ([Report("passed")], "passed"),
        ([Report("failed")], "failed"),
        ([Report("failed", "???")], "failed"),
        ([Report("failed", "teardown"), Report("passed")], "error"),
        ([Report("skipped", wasxfail="reason")], "xfailed"),
        ([Report("passed", wasxfail="")], "xpassed"),
        ([Report("quarantined")], "skipped"),
        ([SubtestReport("skipped"), Report("passed")], "passed"),
        ([SubtestReport("skipped", wasxfail="no"), Report("passed")], "passed"),
        ([SubtestReport("failed"), Report("passed")], "failed"),
        ([SubTestReport("failed"), Report("passed")], "failed"),
        ([SubtestReport("failed"), Report("rerun"), SETUP, Report("passed")], "passed"),
        ([Report("retried"), SETUP, Report("failed")], "failed"),
        ([Report("rerun", "setup"), TEARDOWN, SETUP, Report("skipped")], "skipped"),
    ],
)
def test_outcome_is_that_of_the_last_attempt(reports: list[Report], outcome: str) -> None:
    result = tally(SETUP, *reports, TEARDOWN)
    assert result.outcomes == {"t": outcome}
    assert result.reran == ({"t"} if any("r" in r.outcome[:2] for r in reports) else set())


def test_test_that_was_only_set_up_has_no_outcome() -> None:
    assert tally(SETUP).outcomes == {}
    assert tally(SETUP, SubtestReport("passed"), TEARDOWN).outcomes == {}


def test_test_that_was_not_repeated_in_the_end_has_no_outcome() -> None:
    assert tally(SETUP, Report("rerun")).outcomes == {}


@pytest.mark.parametrize("kind", [SubtestReport, SubTestReport])
def test_time_of_subtests_counts_once(kind: type[Report]) -> None:
    assert tally(SETUP, kind("passed"), kind("failed"), Report("passed"), TEARDOWN).seconds == {
        "t": 3.0
    }


@pytest.mark.parametrize(
    ("report", "entered"),
    [
        (Report("passed"), True),
        (Report("failed"), True),
        (Report("skipped", wasxfail=""), True),
        (Report("skipped"), False),
        (Report("skipped", "setup"), False),
        (Report("skipped", "setup", wasxfail=""), False),
        (Report("failed", "setup"), False),
    ],
)
def test_test_is_entered_if_its_own_code_ran(report: Report, *, entered: bool) -> None:
    assert tally(SETUP, report, TEARDOWN).entered == ({"t"} if entered else set())


@given(st.lists(st.sampled_from(["passed", "failed", "skipped"]), max_size=5))
def test_subtests_only_ever_fail_a_test(subtests: list[str]) -> None:
    result = tally(SETUP, *map(SubtestReport, subtests), Report("passed"), TEARDOWN)
    assert result.outcomes["t"] == ("failed" if "failed" in subtests else "passed")


@pytest.mark.parametrize(
    ("reports", "reason"),
    [
        ([Report("skipped", longrepr=("t.py", 3, "Skipped: no network"))], "no network"),
        ([Report("skipped", "setup", longrepr=("t.py", 3, "too slow"))], "too slow"),
        ([Report("skipped", wasxfail="reason: a bug")], "a bug"),
        ([Report("skipped", wasxfail="[NOTRUN] a bug")], "[NOTRUN] a bug"),
        ([Report("passed", wasxfail="a bug")], "a bug"),
        ([Report("passed"), SubtestReport("skipped", longrepr=("t.py", 3, "no"))], None),
        ([Report("skipped", longrepr=("t.py", 3, "no")), Report("rerun"), Report("passed")], None),
        ([Report("failed", longrepr="AssertionError")], None),
        ([Report("quarantined", longrepr=None)], None),
    ],
)
def test_reason_is_that_of_the_last_attempt(reports: list[Report], reason: str | None) -> None:
    assert tally(SETUP, *reports, TEARDOWN).reasons.get("t") == reason


def test_a_file_that_is_skipped_as_a_whole_has_a_reason() -> None:
    result = Tally()
    for outcome, longrepr in (("passed", None), ("skipped", ("t.py", 1, "Skipped: no numpy"))):
        result.add_file(SimpleNamespace(nodeid="t", outcome=outcome, longrepr=longrepr))
    assert result.reasons == {"t": "no numpy"}
    assert not result.outcomes
