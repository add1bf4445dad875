from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.fact import Fact, Kind, Subject
from covernance.model.snapshot import Snapshot
from covernance.notify.policy import (
    Alert,
    Decision,
    ReportedState,
    decide_alerts,
    find_repeated,
    gate_fact,
)

pytestmark = pytest.mark.reliability

FACTS = st.builds(
    Fact,
    kind=st.sampled_from(["gate", "drop", "exception"]),
    suite=st.sampled_from(["api", "auth"]),
    theme=st.sampled_from(["", "security"]),
    subject=st.sampled_from(["api", "a.py"]),
    text=st.just("text"),
    good=st.booleans(),
    state=st.sampled_from(["bad", "7-days", "expired"]),
)
RUNS = st.lists(st.lists(FACTS, unique_by=lambda fact: fact.about), max_size=6)


def fact(*, good: bool, state: str = "below-floor", subject: str = "api") -> Fact:
    return Fact(kind="gate", suite="api", subject=subject, text="t", good=good, state=state)


def events(decision: Decision) -> list[str]:
    return [alert.event for alert in decision.alerts]


def test_problem_and_recovery_are_each_reported_once() -> None:
    first = decide_alerts((), [fact(good=False)])
    second = decide_alerts(first.reported, [fact(good=False)])
    third = decide_alerts(second.reported, [fact(good=True)])
    fourth = decide_alerts(third.reported, [fact(good=True)])
    assert [events(run) for run in (first, second, third, fourth)] == [
        ["gate"],
        [],
        ["recovered"],
        [],
    ]
    assert fourth.reported == ()


def test_alert_carries_the_fact_that_changed_the_state() -> None:
    bad, good = fact(good=False), fact(good=True)
    fallen = decide_alerts((), [bad])
    assert fallen.alerts == (Alert("gate", bad),)
    assert decide_alerts(fallen.reported, [good]).alerts == (Alert("recovered", good),)


def test_subject_that_was_always_good_is_not_reported() -> None:
    assert decide_alerts((), [fact(good=True)]) == Decision((), ())


def test_another_bad_state_is_reported_again() -> None:
    reported = decide_alerts((), [fact(good=False, state="7-days")]).reported
    later = decide_alerts(reported, [fact(good=False, state="expired")])
    assert events(later) == ["gate"]
    assert [known.state for known in later.reported] == ["expired"]


def test_subject_without_a_fact_does_not_change_state() -> None:
    reported = decide_alerts((), [fact(good=False)]).reported
    assert decide_alerts(reported, []) == Decision((), reported)
    assert events(decide_alerts(reported, [fact(good=False)])) == []


@pytest.mark.parametrize(
    "other",
    [
        Fact(kind="drop", suite="api", subject="api", text="", good=True),
        Fact(kind="gate", suite="auth", subject="api", text="", good=True),
        Fact(kind="gate", suite="api", subject="auth", text="", good=True),
        Fact(kind="gate", suite="api", subject="api", theme="security", text="", good=True),
    ],
)
def test_subject_recovers_only_through_its_own_fact(other: Fact) -> None:
    reported = decide_alerts((), [fact(good=False)]).reported
    assert decide_alerts(reported, [other]).alerts == ()


@given(RUNS)
def test_same_facts_are_never_reported_again(runs: list[list[Fact]]) -> None:
    reported: tuple[ReportedState, ...] = ()
    for facts in runs:
        reported = decide_alerts(reported, facts).reported
        assert decide_alerts(reported, facts) == Decision((), reported)


@given(RUNS)
def test_reported_states_are_exactly_the_bad_ones(runs: list[list[Fact]]) -> None:
    reported: tuple[ReportedState, ...] = ()
    latest: dict[Subject, Fact] = {}
    for facts in runs:
        reported = decide_alerts(reported, facts).reported
        latest |= {known.about: known for known in facts}
    bad = {about: known.state for about, known in latest.items() if not known.good}
    assert {entry.about: entry.state for entry in reported} == bad


@given(st.lists(FACTS, unique_by=lambda fact: fact.about))
def test_order_of_facts_does_not_matter(facts: list[Fact]) -> None:
    assert decide_alerts((), facts) == decide_alerts((), facts[::-1])


@pytest.mark.security
def test_two_facts_about_one_subject_are_detected() -> None:
    facts = [fact(good=False), fact(good=True, subject="a.py"), fact(good=True)]
    assert find_repeated(facts) == Subject("gate", "api", "", "api")
    assert find_repeated(facts[:2]) is None


@pytest.mark.architecture
def test_gate_fact_has_verdict_commit_and_reasons(snapshot: Snapshot) -> None:
    kind: Kind = "gate"
    assert gate_fact(snapshot) == Fact(
        kind=kind,
        suite="api",
        subject="api",
        text="below-floor at 000000000000 on main\n75.00 % (floor 90 %)",
        good=False,
        state="below-floor",
    )


@pytest.mark.architecture
def test_gate_fact_of_a_passing_snapshot_is_good(snapshot: Snapshot) -> None:
    nowhere = msgspec.structs.replace(snapshot.provenance, commit=None, branch=None)
    passing = msgspec.structs.replace(snapshot, verdict="pass", reasons=(), provenance=nowhere)
    known = gate_fact(passing)
    assert known.good
    assert known.text == "pass at no commit on no branch"


@pytest.mark.architecture
@pytest.mark.parametrize(("number", "last"), [(5, "r4"), (6, "… and 1 more")])
def test_many_reasons_are_cut_and_counted(snapshot: Snapshot, number: int, last: str) -> None:
    reasons = tuple(f"r{index}" for index in range(number))
    text = gate_fact(msgspec.structs.replace(snapshot, reasons=reasons)).text
    assert text.splitlines()[-1] == last
