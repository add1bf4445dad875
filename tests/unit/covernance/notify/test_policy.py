from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.fact import Fact, Kind, Subject
from covernance.model.snapshot import Snapshot
from covernance.notify.policy import Alert, Decision, Told, decide, gate_fact, repeated

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


def test_what_goes_bad_is_told_once_and_its_recovery_once() -> None:
    first = decide((), [fact(good=False)])
    second = decide(first.told, [fact(good=False)])
    third = decide(second.told, [fact(good=True)])
    fourth = decide(third.told, [fact(good=True)])
    assert [events(run) for run in (first, second, third, fourth)] == [
        ["gate"],
        [],
        ["recovered"],
        [],
    ]
    assert fourth.told == ()


def test_an_alert_carries_the_fact_that_changed_the_state() -> None:
    bad, good = fact(good=False), fact(good=True)
    fallen = decide((), [bad])
    assert fallen.alerts == (Alert("gate", bad),)
    assert decide(fallen.told, [good]).alerts == (Alert("recovered", good),)


def test_what_was_always_good_is_not_told() -> None:
    assert decide((), [fact(good=True)]) == Decision((), ())


def test_another_bad_state_is_told_again() -> None:
    told = decide((), [fact(good=False, state="7-days")]).told
    later = decide(told, [fact(good=False, state="expired")])
    assert events(later) == ["gate"]
    assert [known.state for known in later.told] == ["expired"]


def test_a_subject_that_no_fact_names_keeps_its_state() -> None:
    told = decide((), [fact(good=False)]).told
    assert decide(told, []) == Decision((), told)
    assert events(decide(told, [fact(good=False)])) == []


@pytest.mark.parametrize(
    "other",
    [
        Fact(kind="drop", suite="api", subject="api", text="", good=True),
        Fact(kind="gate", suite="auth", subject="api", text="", good=True),
        Fact(kind="gate", suite="api", subject="auth", text="", good=True),
        Fact(kind="gate", suite="api", subject="api", theme="security", text="", good=True),
    ],
)
def test_a_subject_recovers_only_by_a_fact_of_its_own(other: Fact) -> None:
    told = decide((), [fact(good=False)]).told
    assert decide(told, [other]).alerts == ()


@given(RUNS)
def test_the_same_facts_again_are_never_told_again(runs: list[list[Fact]]) -> None:
    told: tuple[Told, ...] = ()
    for facts in runs:
        told = decide(told, facts).told
        assert decide(told, facts) == Decision((), told)


@given(RUNS)
def test_what_is_told_as_bad_is_exactly_what_is_bad(runs: list[list[Fact]]) -> None:
    told: tuple[Told, ...] = ()
    latest: dict[Subject, Fact] = {}
    for facts in runs:
        told = decide(told, facts).told
        latest |= {known.about: known for known in facts}
    bad = {about: known.state for about, known in latest.items() if not known.good}
    assert {known.about: known.state for known in told} == bad


@given(st.lists(FACTS, unique_by=lambda fact: fact.about))
def test_the_order_of_facts_changes_nothing(facts: list[Fact]) -> None:
    assert decide((), facts) == decide((), facts[::-1])


@pytest.mark.security
def test_two_facts_of_one_subject_are_found() -> None:
    facts = [fact(good=False), fact(good=True, subject="a.py"), fact(good=True)]
    assert repeated(facts) == Subject("gate", "api", "", "api")
    assert repeated(facts[:2]) is None


@pytest.mark.architecture
def test_a_snapshot_says_its_verdict_where_and_why(snapshot: Snapshot) -> None:
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
def test_a_passing_snapshot_outside_a_repository_is_good(snapshot: Snapshot) -> None:
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
