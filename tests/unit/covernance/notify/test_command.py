from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.config import load
from covernance.errors import ConfigError, Exit
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.notify.command import command
from covernance.notify.sender import Answer, Order
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

URLS = {"COVERAGE_ALERT_URLS": "json://u:hunter2@host/hunter2,slack://hunter2A/B/C"}


class Shell:
    """Calls the command in this process with a fake service that records the orders."""

    def __init__(self) -> None:
        self.answer = Answer(delivered=True)
        self.orders: list[Order] = []
        self.code = 0

    def attempt(self, order: Order, seconds: float) -> Answer:
        assert seconds == 30
        self.orders.append(order)
        return self.answer

    def __call__(self, *arguments: str, environ: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(
            command, arguments, env=URLS if environ is None else environ, standalone_mode=False
        )
        if result.exception:
            raise result.exception
        self.code = result.return_value
        return result


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setattr("covernance.notify.command.attempt", made.attempt)
    return made


@pytest.fixture(autouse=True)
def _published(repository: Repository, snapshot: Snapshot) -> None:
    publish(repository, snapshot, "below-floor")


def publish(repository: Repository, snapshot: Snapshot, verdict: str) -> None:
    path = Layout(repository.root).snapshot("calc")
    path.parent.mkdir(exist_ok=True)
    changed = msgspec.structs.replace(snapshot, suite="calc", verdict=verdict)
    path.write_bytes(measured_now(changed, repository.root).encode())


def test_bad_bad_good_sends_one_alert_and_one_recovery(
    shell: Shell, repository: Repository, snapshot: Snapshot
) -> None:
    assert shell().output == "json://host: sent 1 alert\nslack://***: sent 1 alert\n"
    assert shell().output == "json://host: no new alerts\nslack://***: no new alerts\n"
    publish(repository, snapshot, "pass")
    shell()
    assert [order.message.level for order in shell.orders] == [
        *("failure", "failure"),
        *("success", "success"),
    ]
    assert shell.orders[0].message.title == "[repository] coverage: 1 × failed gate"


@pytest.mark.reliability
def test_failed_delivery_is_reported_and_exits_0(shell: Shell) -> None:
    shell.answer = Answer(delivered=False, reason="the service returned 403", final=True)
    output = shell().output
    assert shell.code == Exit.PASS
    assert "FAILED GATE: calc\n  below-floor at" in output
    for name in ("json://host", "slack://***"):
        assert (
            f"{name}: NOT DELIVERED after 1 try: the service returned 403. "
            "The next run will send 1 alert again" in output
        )


@pytest.mark.reliability
def test_strict_exits_3_if_an_alert_is_not_delivered(shell: Shell) -> None:
    shell.answer = Answer(delivered=False, reason="the service returned 403", final=True)
    shell("--strict")
    assert shell.code == Exit.ERROR
    shell.answer = Answer(delivered=True)
    shell("--strict")
    assert shell.code == Exit.PASS


@pytest.mark.reliability
def test_alerts_without_a_target_are_printed(
    shell: Shell, repository: Repository, snapshot: Snapshot
) -> None:
    output = shell(environ={}).output
    assert "FAILED GATE: calc" in output
    assert output.endswith("alerts not sent: COVERAGE_ALERT_URLS is not set\n")
    assert shell.code == Exit.PASS
    shell("--strict", environ={})
    assert shell.code == Exit.ERROR
    publish(repository, snapshot, "pass")
    output = shell("--strict", environ={}).output
    assert output == "no alerts to send; COVERAGE_ALERT_URLS is not set\n"
    assert shell.code == Exit.PASS


def test_dry_run_prints_alerts_and_sends_and_writes_nothing(
    shell: Shell, repository: Repository
) -> None:
    before = sorted(repository.root.rglob("*"))
    output = shell("--dry-run", "--strict").output
    assert "FAILED GATE: calc" in output
    assert "slack://***: would send 1 alert" in output
    assert (shell.orders, shell.code) == ([], Exit.PASS)
    assert sorted(repository.root.rglob("*")) == before
    assert "sent 1 alert" in shell().output


@pytest.mark.security
@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--format", "json"), ("--strict",)])
@pytest.mark.parametrize("answer", [Answer(delivered=True), Answer(delivered=False, final=True)])
def test_no_secret_is_printed_or_stored(
    shell: Shell, repository: Repository, arguments: tuple[str, ...], answer: Answer
) -> None:
    shell.answer = answer
    output = shell(*arguments).output
    contents = [path.read_bytes() for path in (repository.root / "coverage").iterdir()]
    assert "hunter2" not in output
    assert not any(b"hunter2" in content for content in contents)


@pytest.mark.security
def test_invalid_url_is_rejected_without_showing_it(shell: Shell) -> None:
    with pytest.raises(ConfigError, match="part 1 of 1 is not a URL") as caught:
        shell(environ={"COVERAGE_ALERT_URLS": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_json_format_shows_the_deliveries(shell: Shell) -> None:
    result = json.loads(shell("--format", "json").output)
    assert (result["dry_run"], result["unknown"], result["untold"]) == (False, [], [])
    delivery = result["deliveries"][1]
    assert delivery["target"] == "slack://***"
    assert (delivery["delivered"], delivery["tries"], delivery["reason"]) == (True, 1, "")
    assert delivery["alerts"][0]["event"] == "gate"
    assert delivery["alerts"][0]["fact"]["state"] == "below-floor"


def test_facts_and_state_files_can_be_chosen(shell: Shell, repository: Repository) -> None:
    entry = {"kind": "exception", "suite": "calc", "subject": "c.py", "text": "due", "good": False}
    repository.write("facts.json", json.dumps([entry]))
    output = shell("--facts", "facts.json", "--state", "alerts/state.json").output
    assert "sent 2 alerts" in output
    assert "EXPIRING EXCEPTION: calc · c.py\n  due" in shell.orders[0].message.body
    assert (repository.root / "alerts/state.json").is_file()
    assert not (repository.root / "coverage/alerts.state.json").exists()


def test_paths_are_relative_to_the_current_folder(
    shell: Shell, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("calc/facts.json", "[]")
    monkeypatch.chdir(repository.root / "calc")
    shell("--facts", "facts.json", "--state", "state.json")
    assert (repository.root / "calc/state.json").is_file()


@pytest.mark.reliability
def test_suite_without_a_snapshot_is_reported(shell: Shell, repository: Repository) -> None:
    entry = {"kind": "drop", "suite": "calc", "subject": "calc", "text": "2.5", "good": False}
    repository.write("facts.json", json.dumps([entry]))
    Layout(load(repository.root).root).snapshot("calc").unlink()
    output = shell("--facts", "facts.json").output
    assert output.startswith(
        "calc: no snapshot; the last reported state of its gate is unchanged\n"
    )
    assert "sent 1 alert" in output


@pytest.mark.reliability
def test_tries_are_counted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("covernance.notify.command.time.sleep", waits.append)
    shell.answer = Answer(delivered=False, reason="can't reach the service")
    assert "NOT DELIVERED after 2 tries" in shell("--tries", "2").output
    assert len(waits) == 2


def test_help_shows_examples() -> None:
    output = CliRunner().invoke(command, ["--help"]).output
    assert "covernance notify --facts coverage/guard.facts.json --dry-run" in output
