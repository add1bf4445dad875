"""Tell people of changes of state, once each; nothing that fails here changes a verdict."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.config import Table
from covernance.errors import InputError
from covernance.files import locked
from covernance.layout import Layout
from covernance.model import document
from covernance.model.fact import Fact
from covernance.notify import alert_state
from covernance.notify.alert_state import State
from covernance.notify.policy import Alert, Decision, decide, gate_fact, repeated
from covernance.notify.render import Message, message
from covernance.notify.sender import Answer, Order
from covernance.notify.target import Target
from covernance.results import read_results

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0


class Known(msgspec.Struct, frozen=True):
    """What holds now; `unknown` are the suites without a snapshot."""

    facts: tuple[Fact, ...]
    unknown: tuple[str, ...]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the message to one target.

    Attributes:
        target: The target's name.
        alerts: What it had not been told; without any, nothing was sent.
        delivered: Whether it took the message.
        tries: How often it was tried.
        reason: Why the last try failed.
    """

    target: str
    alerts: tuple[Alert, ...]
    delivered: bool
    tries: int = 0
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether there was something to tell, and it did not arrive."""
        return bool(self.alerts) and not self.delivered


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are sent.

    Attributes:
        attempt: One try.
        tries: The most tries a target.
        sleep: Waits between tries, for seconds.
        project: Which repository speaks.
        link: Where more can be read, or empty.
    """

    attempt: Callable[[Order], Answer]
    tries: int
    sleep: Callable[[float], None]
    project: str
    link: str


def gather(table: Table, paths: Sequence[Path]) -> Known:
    """Collect what the snapshots of the table's suites and files of facts say.

    Raises:
        InputError: A file can't be read or is damaged, two facts have one subject, or there is
            nothing to read at all.
    """
    results = read_results(table)
    facts = [gate_fact(result) for result in results.values() if result]
    for path in paths:
        facts += read_facts(path)
    if twice := repeated(facts):
        where = " · ".join(filter(None, (twice.suite, twice.theme, twice.name)))
        msg = f"--facts: {twice.kind} of {where} is named by two facts; a subject has one state"
        raise InputError(msg)
    if not facts:
        msg = f"{Layout(table.root).folder}: has no snapshot of any suite; run covernance run first"
        raise InputError(msg)
    unknown = tuple(suite for suite, result in results.items() if not result)
    return Known(tuple(facts), unknown)


def read_facts(path: Path) -> list[Fact]:
    """Read a JSON list of facts.

    Raises:
        InputError: The file can't be read, or an entry is none.
    """
    return document.read(path, list[Fact], "a list of facts", "write it again")


def pending(
    known: State, targets: Sequence[Target], facts: Sequence[Fact]
) -> list[tuple[Target, Decision]]:
    """What each target has not been told yet."""
    return [(target, decide(known.of(target.name), facts)) for target in targets]


def notify(
    state: Path, targets: Sequence[Target], facts: Sequence[Fact], sender: Sender
) -> list[Delivery]:
    """Send each target what it has not been told, and remember what arrived.

    What did not arrive is sent by the next run. Two runs at a time wait for each other, so
    neither repeats the other's message. A run that is killed between a delivery and its writing
    down repeats that one message.

    Raises:
        CovernanceError: The state can't be used or written.
    """
    deliveries = []
    with locked(state.with_name(f".{state.name}.lock")):
        known = alert_state.read(state)
        for target, decision in pending(known, targets, facts):
            if not decision.alerts:
                deliveries.append(Delivery(target=target.name, alerts=(), delivered=False))
                continue
            text = message(decision.alerts, project=sender.project, link=sender.link)
            delivery = _deliver(target, decision.alerts, text, sender)
            deliveries.append(delivery)
            if delivery.delivered:
                known = known.advanced(target.name, decision.told)
                alert_state.write(state, known)
    return deliveries


def _deliver(target: Target, alerts: tuple[Alert, ...], text: Message, sender: Sender) -> Delivery:
    order = Order(target.url, text)
    number = 1
    answer = sender.attempt(order)
    while not (answer.delivered or answer.final) and number < sender.tries:
        sender.sleep(wait_before(number))
        answer = sender.attempt(order)
        number += 1
    return Delivery(
        target=target.name,
        alerts=alerts,
        delivered=answer.delivered,
        tries=number,
        reason=answer.reason,
    )


def wait_before(retry: int) -> float:
    """Seconds before a retry, the first is 1: doubled each time, bounded, the half of it random.

    The random half keeps the runs that one outage failed from coming back in one moment.
    """
    full = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (retry - 1))
    return random.uniform(full / 2, full)  # noqa: S311 - spreads load, guards nothing


def project_of(table: Table, environ: Mapping[str, str]) -> str:
    """Which repository speaks: its name on GitHub Actions, else its folder's."""
    return environ.get("GITHUB_REPOSITORY") or table.root.name


def link_of(environ: Mapping[str, str]) -> str:
    """The address of the GitHub Actions run, or nothing elsewhere."""
    try:
        server, repository, run = (
            environ[f"GITHUB_{name}"] for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
        )
    except KeyError:
        return ""
    return f"{server}/{repository}/actions/runs/{run}"
