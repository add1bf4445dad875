"""Render alerts as one plain-text message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import indent
from typing import Literal

import msgspec

from covernance.notify.policy import Alert

Level = Literal["failure", "warning", "success"]

_NAMES = {
    "gate": "failed gate",
    "drop": "drop over the limit",
    "exception": "expiring exception",
    "recovered": "recovered",
}
_LEVELS: dict[str, Level] = {
    "gate": "failure",
    "drop": "failure",
    "exception": "warning",
    "recovered": "success",
}
_WORST_FIRST: tuple[Level, ...] = ("failure", "warning", "success")


class Message(msgspec.Struct, frozen=True):
    """The message for a target; `level` is the level of its worst alert."""

    title: str
    body: str
    level: Level


def message(alerts: Sequence[Alert], *, project: str, link: str) -> Message:
    """Write the alerts of one run as one message, worst first.

    Args:
        alerts: One or more alerts.
        project: The name of the repository.
        link: A URL with details, or "".
    """
    ranked = sorted(alerts, key=_rank)
    tally = Counter(alert.event for alert in ranked)
    counts = ", ".join(f"{number} × {_NAMES[event]}" for event, number in tally.items())
    return Message(
        title=f"[{project}] coverage: {counts}",
        body="\n\n".join([*map(paragraph, ranked), *([link] if link else [])]),
        level=_LEVELS[ranked[0].event],
    )


def paragraph(alert: Alert) -> str:
    """Render one alert: a line with the event and its subject, and the text indented below."""
    fact = alert.fact
    about = " · ".join(filter(None, (fact.suite, fact.theme)))
    if fact.subject != fact.suite:
        about = f"{about} · {fact.subject}"
    name = _NAMES[alert.event]
    kind = f" ({_NAMES[fact.kind]})" if alert.event == "recovered" else ""
    return f"{name.upper()}{kind}: {about}\n{indent(fact.text, '  ')}"


def _rank(alert: Alert) -> tuple[int, str]:
    """Sort key: worst first, then by event, so that counts and paragraphs have the same order."""
    return _WORST_FIRST.index(_LEVELS[alert.event]), alert.event
