from __future__ import annotations

import pytest

from covernance.model.fact import Fact, Kind
from covernance.notify.policy import Alert, Event
from covernance.notify.render import message, paragraph

pytestmark = pytest.mark.architecture


def alert(event: Event, kind: Kind = "gate", subject: str = "api", theme: str = "") -> Alert:
    fact = Fact(kind=kind, suite="api", theme=theme, subject=subject, text="one\ntwo", good=False)
    return Alert(event, fact)


def test_worst_alert_comes_first_and_sets_the_level() -> None:
    alerts = [alert("recovered"), alert("exception", "exception"), alert("drop", "drop")]
    text = message(alerts, project="a/b", link="https://ci.example.org/1")
    assert text.title == (
        "[a/b] coverage: 1 × drop over the limit, 1 × expiring exception, 1 × recovered"
    )
    assert text.level == "failure"
    assert [part.split(":")[0] for part in text.body.split("\n\n")] == [
        "DROP OVER THE LIMIT",
        "EXPIRING EXCEPTION",
        "RECOVERED (failed gate)",
        "https",
    ]


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("event", "level"),
    [
        ("gate", "failure"),
        ("drop", "failure"),
        ("exception", "warning"),
        ("recovered", "success"),
    ],
)
def test_each_event_has_its_level(event: Event, level: str) -> None:
    text = message([alert(event)], project="p", link="")
    assert text.level == level
    assert not text.body.endswith("\n")


def test_equal_events_are_counted_together() -> None:
    alerts = [alert("gate"), alert("drop", "drop"), alert("gate", subject="x")]
    text = message(alerts, project="p", link="")
    assert text.title == "[p] coverage: 1 × drop over the limit, 2 × failed gate"


@pytest.mark.parametrize(
    ("subject", "theme", "line"),
    [
        ("api", "", "FAILED GATE: api"),
        ("api", "security", "FAILED GATE: api · security"),
        ("a.py", "security", "FAILED GATE: api · security · a.py"),
    ],
)
def test_paragraph_names_what_it_is_about(subject: str, theme: str, line: str) -> None:
    text = paragraph(alert("gate", subject=subject, theme=theme))
    assert text == f"{line}\n  one\n  two"
