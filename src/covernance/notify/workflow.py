"""Send each change of state once; a failure to send changes no verdict."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.context import Context
from covernance.errors import InputError
from covernance.files import locked
from covernance.model import document
from covernance.model.fact import Fact
from covernance.notify import alert_state
from covernance.notify.alert_state import State
from covernance.notify.policy import Alert, Decision, decide_alerts, find_repeated, gate_fact
from covernance.notify.render import Message, message
from covernance.notify.sender import Answer, Order
from covernance.notify.target import Target
from covernance.results import read_results

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0


class Known(msgspec.Struct, frozen=True):
    """The current facts; `unknown` are the suites without a snapshot."""

    facts: tuple[Fact, ...]
    unknown: tuple[str, ...]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of sending a message to one target.

    Attributes:
        target: The target's name.
        alerts: The alerts not sent to it before; if empty, nothing was sent.
        delivered: Whether it accepted the message.
        tries: The number of tries.
        reason: Why the last try failed.
    """

    target: str
    alerts: tuple[Alert, ...]
    delivered: bool
    tries: int = 0
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether there were alerts to send and they were not delivered."""
        return bool(self.alerts) and not self.delivered


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are sent.

    Attributes:
        attempt: Makes one try.
        tries: The maximum number of tries per target.
        sleep: Waits between tries, for a number of seconds.
        project: The name of the repository.
        link: A URL with details, or "".
    """

    attempt: Callable[[Order], Answer]
    tries: int
    sleep: Callable[[float], None]
    project: str
    link: str


def gather(context: Context, paths: Sequence[Path]) -> Known:
    """Read the facts from the snapshots of the table's suites and from facts files.

    Raises:
        InputError: A file can't be read or is damaged, two facts have the same subject, or there
            are no facts.
    """
    results = read_results(context)
    facts = [gate_fact(result) for result in results.values() if result]
    for path in paths:
        facts += read_facts(path)
    if subject := find_repeated(facts):
        where = " · ".join(filter(None, (subject.suite, subject.theme, subject.name)))
        msg = f"--facts: two facts describe {subject.kind} of {where}; remove one of them"
        raise InputError(msg)
    if not facts:
        msg = f"{context.layout.folder}: no snapshot of any suite; run `covernance run` first"
        raise InputError(msg)
    unknown = tuple(suite for suite, result in results.items() if not result)
    return Known(tuple(facts), unknown)


def read_facts(path: Path) -> list[Fact]:
    """Read a JSON list of facts.

    Raises:
        InputError: The file can't be read, or an entry is not a fact.
    """
    return document.read(path, list[Fact], "a list of facts", "write it again")


def pending(
    known: State, targets: Sequence[Target], facts: Sequence[Fact]
) -> list[tuple[Target, Decision]]:
    """Return the alerts that each target has not received yet."""
    return [(target, decide_alerts(known.of(target.name), facts)) for target in targets]


def notify(
    state: Path, targets: Sequence[Target], facts: Sequence[Fact], sender: Sender
) -> list[Delivery]:
    """Send each target its new alerts, and record the deliveries.

    Alerts that could not be delivered are sent by the next run. Concurrent runs wait for each
    other, so that neither repeats the other's message. If a run is killed after a delivery and
    before recording it, the next run repeats that one message.

    Raises:
        CovernanceError: The state can't be read or written.
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
                known = known.advanced(target.name, decision.reported)
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
    """Return the seconds to wait before a retry, counted from 1: doubling, bounded, half random.

    The random half prevents runs that failed in the same outage from retrying at the same moment.
    """
    full = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (retry - 1))
    return random.uniform(full / 2, full)  # noqa: S311 - spreads load, guards nothing


def project_of(context: Context) -> str:
    """Return the repository's name on GitHub Actions, else the name of its folder."""
    return context.environ.get("GITHUB_REPOSITORY") or context.root.name


def link_of(environ: Mapping[str, str]) -> str:
    """Return the URL of the GitHub Actions run, or "" elsewhere."""
    try:
        server, repository, run = (
            environ[f"GITHUB_{name}"] for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
        )
    except KeyError:
        return ""
    return f"{server}/{repository}/actions/runs/{run}"
