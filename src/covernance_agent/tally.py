"""The outcome, time and attempts of each test of a pass, as pytest's own summary counts them."""

from __future__ import annotations

from typing import Any

from covernance_agent.record import SEVERITY

_RERUN = {"rerun", "retried"}
"""What pytest-rerunfailures and pytest-retry call a failed attempt that is repeated."""


class Tally:
    """Adds up the reports of tests: several per test, by phase, subtest and attempt.

    Attributes:
        outcomes: The worst outcome of each test over the phases and subtests of its last attempt.
        seconds: The duration of each test over its phases and attempts.
        reran: Tests of which a failed attempt was repeated.
        entered: Tests whose own code began to run and did not end in a skip.
        reasons: Why a test, or all of a file, was skipped or expected to fail.
    """

    def __init__(self) -> None:
        """Begin without reports."""
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.reran: set[str] = set()
        self.entered: set[str] = set()
        self.reasons: dict[str, str] = {}

    def add(self, report: Any) -> None:  # noqa: ANN401 - a TestReport, or a plugin's kind of it
        """Add a report of pytest or of a plugin."""
        test, outcome = report.nodeid, _outcome(report)
        if not _is_subtest(report):
            # The duration of a test includes its subtests.
            self.seconds[test] = self.seconds.get(test, 0.0) + report.duration
        if outcome in _RERUN:
            self.reran.add(test)
            self.outcomes.pop(test, None)
            self.reasons.pop(test, None)
        elif _counts(report, outcome):
            before = self.outcomes.get(test, "passed")
            self.outcomes[test] = max(before, outcome, key=SEVERITY.index)
            if reason := _reason(report):
                self.reasons[test] = reason
        if report.when == "call" and outcome != "skipped":
            self.entered.add(test)

    def add_file(self, report: Any) -> None:  # noqa: ANN401 - a CollectReport
        """Add the report of a file that was collected, or skipped as a whole."""
        if reason := _reason(report):
            self.reasons[report.nodeid] = reason


def _counts(report: Any, outcome: str) -> bool:  # noqa: ANN401 - see `Tally.add`
    """Whether a report decides the outcome of its test.

    A subtest that was skipped or failed as expected does not change its test, and a test that was
    only set up or torn down has not passed.
    """
    if _is_subtest(report):
        return outcome == "failed"
    return outcome != "passed" or report.when == "call"


def _is_subtest(report: object) -> bool:
    """Whether this is the report of a subtest, from pytest 9 or from pytest-subtests."""
    return type(report).__name__.lower() == "subtestreport"


def _outcome(report: Any) -> str:  # noqa: ANN401 - see `Tally.add`
    outcome = str(report.outcome)
    if outcome in _RERUN:
        return outcome
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    # pytest-xdist reports a crash in the phase "???", and pytest counts it as a failed test.
    if outcome == "failed" and report.when in {"setup", "teardown"}:
        return "error"
    # Outcomes of other plugins' own neither passed nor failed.
    return outcome if outcome in SEVERITY else "skipped"


def _reason(report: Any) -> str:  # noqa: ANN401 - see `Tally.add`
    """Why a report was skipped or expected to fail, as its author wrote it; "" if it was neither.

    pytest describes a skip by the file, the line and the reason.
    """
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail).removeprefix("reason: ")
    if isinstance(longrepr := getattr(report, "longrepr", None), tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    return ""
