"""Decide which changes of state to alert about; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from covernance.model.fact import Fact, Subject
from covernance.model.snapshot import Snapshot
from covernance.model.text import cut, short_commit
from covernance.model.verdict import Verdict

Event = Literal["gate", "drop", "exception", "recovered"]

_MOST_REASONS = 5


class ReportedState(msgspec.Struct, frozen=True, order=True):
    """A bad state reported to a target, whose recovery has not been reported yet."""

    about: Subject
    state: str


class Alert(msgspec.Struct, frozen=True):
    """One change of state: a new problem or a recovery."""

    event: Event
    fact: Fact


class Decision(msgspec.Struct, frozen=True):
    """The alerts to send, and the states reported once they are delivered; both sorted."""

    alerts: tuple[Alert, ...]
    reported: tuple[ReportedState, ...]


def decide_alerts(reported: Iterable[ReportedState], facts: Iterable[Fact]) -> Decision:
    """Compare the states reported to a target with the current facts.

    The state of a subject without a fact does not change. Each subject has at most one fact.
    """
    states = {entry.about: entry.state for entry in reported}
    alerts = []
    for fact in sorted(facts, key=lambda fact: fact.about):
        state = states.get(fact.about)
        if fact.good and state is not None:
            alerts.append(Alert("recovered", fact))
            del states[fact.about]
        elif not fact.good and state != fact.state:
            alerts.append(Alert(fact.kind, fact))
            states[fact.about] = fact.state
    return Decision(
        alerts=tuple(alerts),
        reported=tuple(sorted(ReportedState(about, state) for about, state in states.items())),
    )


def find_repeated(facts: Iterable[Fact]) -> Subject | None:
    """Return a subject that has more than one fact, or None."""
    seen = set()
    for fact in facts:
        if fact.about in seen:
            return fact.about
        seen.add(fact.about)
    return None


def gate_fact(snapshot: Snapshot) -> Fact:
    """Return the fact about a suite's gate; its state is the snapshot's verdict."""
    source = snapshot.provenance
    where = f"{short_commit(source.commit, 'no commit')} on {source.branch or 'no branch'}"
    lines = [f"{snapshot.verdict} at {where}", *_shortened(snapshot.reasons)]
    return Fact(
        kind="gate",
        suite=snapshot.suite,
        subject=snapshot.suite,
        text="\n".join(lines),
        good=snapshot.verdict == Verdict.PASS,
        state=snapshot.verdict,
    )


def _shortened(reasons: Sequence[str]) -> list[str]:
    return cut(reasons, _MOST_REASONS)
