"""`covernance notify` through the real Apprise to real HTTP and SMTP servers on loopback."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import time
from asyncio import AbstractServer
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from covernance.notify.target import _HAVE_A_HOST
from tests.utils.processes import PATIENCE_SECONDS
from tests.utils.repository import Ran, Repository
from tests.utils.serving import serving

pytestmark = pytest.mark.reliability

SECRET = "hunter2-rotate-me"

UNTESTED = """

def never():
    if CALLS:
        return 1
    if CALLS is None:
        return 2
    return 3
"""


@dataclass
class Webhook:
    """An HTTP server with given answers, the last one repeated; records what it receives."""

    answers: list[int] = field(default_factory=lambda: [200])
    received: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)
    drips: bool = False
    url: str = ""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.received.append(json.loads(body))
            made.paths.append(self.path)
            made.credentials.append(self.headers["Authorization"])
            if made.drips:
                self._drip()
                return
            self.send_response(made.answers.pop(0) if len(made.answers) > 1 else made.answers[0])
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def _drip(self) -> None:
            """Send a header without end, always in time for the client's read time-out."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            try:
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                return

    with serving(Handler) as address:
        made.url = f"json://ci:{SECRET}@{address}/{SECRET}"
        yield made


class Mailbox:
    """An SMTP server that can be set to reject messages; stores those that it accepts."""

    def __init__(self) -> None:
        self.refuses = False
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return f"451 try later, {SECRET}"
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(message)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    made = Mailbox()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    class Listening(Controller):
        """On a socket that is bound already: a free port could be another's a moment later."""

        def _create_server(self) -> Awaitable[AbstractServer]:
            return self.loop.create_server(self._factory_invoker, sock=listening)

    controller = Listening(made, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_SECONDS)
    controller.start()
    address = f"mailto://127.0.0.1:{port}?from=ci%40example.org&to=team%40example.org&mode=insecure"
    yield made, address
    controller.stop()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The sources and snapshots of a run that passed and of one that did not."""
    repository = Repository(tmp_path_factory.mktemp("results"))
    names = ("calc/__init__.py", "coverage/calc.snapshot.json")
    assert repository.covernance("run").code == 0
    good = {name: (repository.root / name).read_bytes() for name in names}
    repository.append("calc/__init__.py", UNTESTED)
    assert repository.covernance("run").code == 2
    return {"good": good, "bad": {name: (repository.root / name).read_bytes() for name in names}}


class Suite:
    """The repository's only suite; turns bad and good as if it was run again."""

    def __init__(self, repository: Repository, results: dict[str, dict[str, bytes]]) -> None:
        self._root = repository.root
        (self._root / "coverage").mkdir()
        self._results = results
        self.becomes("good")

    def becomes(self, state: str) -> None:
        for name, content in self._results[state].items():
            (self._root / name).write_bytes(content)


@pytest.fixture(autouse=True)
def suite(repository: Repository, results: dict[str, dict[str, bytes]]) -> Suite:
    return Suite(repository, results)


def notify(repository: Repository, *arguments: str, urls: str) -> Ran:
    """Run the command in a separate process, as CI does, and check that it shows no secret."""
    ran = repository.covernance(
        "notify", *arguments, environ={"COVERAGE_ALERT_URLS": urls, "GITHUB_REPOSITORY": "a/calc"}
    )
    stored = b"".join(path.read_bytes() for path in (repository.root / "coverage").glob("*.state*"))
    assert SECRET not in ran.text
    assert SECRET.encode() not in stored
    return ran


def test_webhook_receives_one_alert_and_one_recovery(
    repository: Repository, suite: Suite, webhook: Webhook
) -> None:
    assert "no new alerts" in notify(repository, urls=webhook.url).out
    suite.becomes("bad")
    runs = [notify(repository, urls=webhook.url) for _ in range(3)]
    assert [run.code for run in runs] == [0, 0, 0]
    suite.becomes("good")
    runs = [notify(repository, urls=webhook.url) for _ in range(3)]

    bad, good = webhook.received
    assert (bad["type"], bad["title"]) == ("failure", "[a/calc] coverage: 1 × failed gate")
    assert bad["message"].startswith("FAILED GATE: calc\n  below-floor at no commit on no branch\n")
    assert "% (floor 90 %)" in bad["message"]
    assert (good["type"], good["title"]) == ("success", "[a/calc] coverage: 1 × recovered")
    assert good["message"].startswith("RECOVERED (failed gate): calc\n  pass at")
    assert webhook.paths == [f"/{SECRET}"] * 2
    assert all(webhook.credentials)


def test_failing_webhook_is_retried_within_the_run(
    repository: Repository, suite: Suite, webhook: Webhook
) -> None:
    suite.becomes("bad")
    webhook.answers = [503, 200]
    ran = notify(repository, urls=webhook.url)
    assert (ran.code, len(webhook.received)) == (0, 2)
    assert ran.out.endswith(": sent 1 alert\n")


def test_failed_delivery_is_retried_by_the_next_run_for_that_target_only(
    repository: Repository, suite: Suite, webhook: Webhook, mailbox: tuple[Mailbox, str]
) -> None:
    box, address = mailbox
    suite.becomes("bad")
    webhook.answers = [403]
    urls = f"{webhook.url}\n{address}"
    first = notify(repository, "--tries=1", urls=urls)
    assert first.code == 0
    assert "NOT DELIVERED after 1 try: the service returned 403" in first.out
    assert "mailto://127.0.0.1" in first.out
    assert notify(repository, "--tries=1", "--strict", urls=urls).code == 3

    webhook.answers = [200]
    assert notify(repository, "--tries=1", "--strict", urls=urls).code == 0
    notify(repository, "--tries=1", urls=urls)
    assert len(webhook.received) == 3
    assert len(box.messages) == 1


def test_mail_contains_the_alerts_from_facts_files(
    repository: Repository, mailbox: tuple[Mailbox, str]
) -> None:
    box, address = mailbox
    facts = [
        {
            "kind": "drop",
            "suite": "calc",
            "theme": "security",
            "subject": "calc",
            "text": "earned fell by 3.50 points\n<script>alert(1)</script> & more",
            "good": False,
        },
        {
            "kind": "exception",
            "suite": "calc",
            "subject": "calc/__init__.py",
            "text": "review due in 7 days",
            "good": False,
            "state": "7-days",
        },
    ]
    repository.write("facts.json", json.dumps(facts))
    notify(repository, "--facts=facts.json", urls=address)
    facts[1] |= {"state": "expired", "text": "review was due yesterday"}
    repository.write("facts.json", json.dumps(facts))
    notify(repository, "--facts=facts.json", urls=address)
    notify(repository, "--facts=facts.json", urls=address)

    first, second = box.messages
    assert first["Subject"] == (
        "[a/calc] coverage: 1 × drop over the limit, 1 × expiring exception"
    )
    assert first["To"] == "team@example.org"
    assert first.get_content_type() == "text/plain"
    assert first.get_content().splitlines() == [
        "DROP OVER THE LIMIT: calc · security",
        "  earned fell by 3.50 points",
        "  <script>alert(1)</script> & more",
        "",
        "EXPIRING EXCEPTION: calc · calc/__init__.py",
        "  review due in 7 days",
    ]
    assert second["Subject"] == "[a/calc] coverage: 1 × expiring exception"
    assert second.get_content().splitlines()[1:] == ["  review was due yesterday"]


def test_failing_mail_server_is_retried_by_the_next_run(
    repository: Repository, suite: Suite, mailbox: tuple[Mailbox, str]
) -> None:
    box, address = mailbox
    suite.becomes("bad")
    box.refuses = True
    assert "NOT DELIVERED" in notify(repository, "--tries=1", urls=address).out
    box.refuses = False
    assert "sent 1 alert" in notify(repository, "--tries=1", urls=address).out
    assert len(box.messages) == 1


def test_endless_response_is_cut_off(
    repository: Repository, suite: Suite, webhook: Webhook
) -> None:
    suite.becomes("bad")
    webhook.drips = True
    ran = notify(repository, "--tries=1", "--timeout=2", urls=webhook.url)
    assert "NOT DELIVERED after 1 try: no response within 2 s" in ran.out


@pytest.mark.security
@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        (f"slack://{SECRET}", "slack://***", "a part of it is missing"),
        (f"unknown://{SECRET}/x", "unknown://***", "Apprise does not recognise the URL"),
        (
            f"json://u:{SECRET}@127.0.0.1:1/{SECRET}",
            "json://127.0.0.1:1",
            "can't reach the service",
        ),
        (f"json://u:{SECRET}@[::1/{SECRET}", "json://***", "Apprise does not recognise the URL"),
    ],
)
def test_failures_do_not_show_the_secret(
    repository: Repository, suite: Suite, url: str, shown: str, reason: str
) -> None:
    suite.becomes("bad")
    ran = notify(repository, "--tries=1", "--strict", urls=url)
    assert ran.code == 3
    assert f"{shown}: NOT DELIVERED after 1 try: " in ran.out
    assert reason in ran.out
    assert ran.err == ""


@pytest.mark.security
def test_dry_run_sends_nothing(repository: Repository, suite: Suite, webhook: Webhook) -> None:
    suite.becomes("bad")
    ran = notify(repository, "--dry-run", urls=webhook.url)
    assert ran.out.endswith(": would send 1 alert\n")
    assert webhook.received == []
    assert not (repository.root / "coverage/alerts.state.json").exists()


@pytest.mark.security
def test_damaged_state_is_a_clear_error(repository: Repository, webhook: Webhook) -> None:
    (repository.root / "coverage/alerts.state.json").write_text("{")
    ran = notify(repository, urls=webhook.url)
    assert ran.code == 3
    assert "alerts.state.json: is not a state of alerts, or is damaged" in ran.err
    assert "Traceback" not in ran.text
    assert webhook.received == []


@pytest.mark.architecture
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_services_with_a_host_show_it() -> None:
    apprise = pytest.importorskip("apprise", reason="the extra `alerts`")
    services = {
        schema: service
        for service in apprise.Apprise().details()["schemas"]
        for schema in (*(service["protocols"] or ()), *(service["secure_protocols"] or ()))
    }
    for schema in _HAVE_A_HOST:
        assert all("{host}" in form for form in services[schema]["details"]["templates"])
