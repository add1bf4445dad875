"""Which changes of state are worth an alert; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from covernance.model.fact import Fact, Subject
from covernance.model.snapshot import Snapshot
from covernance.model.text import short_commit
from covernance.model.verdict import Verdict

Event = Literal["gate", "drop", "exception", "recovered"]

_MOST_REASONS = 5


class Told(msgspec.Struct, frozen=True, order=True):
    """A bad state that a target was told of, and not yet that it recovered."""

    about: Subject
    state: str


class Alert(msgspec.Struct, frozen=True):
    """One change of state: something went bad, or got good again."""

    event: Event
    fact: Fact


class Decision(msgspec.Struct, frozen=True):
    """What to send, and what a target has been told once it is delivered; both sorted."""

    alerts: tuple[Alert, ...]
    told: tuple[Told, ...]


def decide(told: Iterable[Told], facts: Iterable[Fact]) -> Decision:
    """Compare what a target was told with what holds now.

    A subject that no fact names keeps its state: nothing says that it got good. Each subject is
    named by at most one fact.
    """
    states = {known.about: known.state for known in told}
    alerts = []
    for fact in sorted(facts, key=lambda fact: fact.about):
        known = states.get(fact.about)
        if fact.good and known is not None:
            alerts.append(Alert("recovered", fact))
            del states[fact.about]
        elif not fact.good and known != fact.state:
            alerts.append(Alert(fact.kind, fact))
            states[fact.about] = fact.state
    return Decision(
        alerts=tuple(alerts),
        told=tuple(sorted(Told(about, state) for about, state in states.items())),
    )


def repeated(facts: Iterable[Fact]) -> Subject | None:
    """A subject that more than one fact names, or None."""
    seen = set()
    for fact in facts:
        if fact.about in seen:
            return fact.about
        seen.add(fact.about)
    return None


def gate_fact(snapshot: Snapshot) -> Fact:
    """What a suite's snapshot says of its gate; its state is the verdict."""
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
    more = len(reasons) - _MOST_REASONS
    return [*reasons[:_MOST_REASONS], *([f"… and {more} more"] if more > 0 else [])]
