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

pytestmark = pytest.mark.architecture

URLS = {"COVERAGE_ALERT_URLS": "json://u:hunter2@host/hunter2,slack://hunter2A/B/C"}


class Shell:
    """Calls the command in this process; its service answers as told and keeps the orders."""

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
    path.write_bytes(changed.encode())


def test_three_runs_bad_bad_good_send_one_alert_and_one_recovery(
    shell: Shell, repository: Repository, snapshot: Snapshot
) -> None:
    assert shell().output == "json://host: was sent 1 alert\nslack://***: was sent 1 alert\n"
    assert shell().output == "json://host: nothing new\nslack://***: nothing new\n"
    publish(repository, snapshot, "pass")
    shell()
    assert [order.message.level for order in shell.orders] == [
        *("failure", "failure"),
        *("success", "success"),
    ]
    assert shell.orders[0].message.title == "[repository] coverage: 1 × failed gate"


@pytest.mark.reliability
def test_what_is_not_delivered_is_loud_and_changes_no_verdict(shell: Shell) -> None:
    shell.answer = Answer(delivered=False, reason="the service answered 403", final=True)
    output = shell().output
    assert shell.code == Exit.PASS
    assert "FAILED GATE: calc\n  below-floor at" in output
    for name in ("json://host", "slack://***"):
        assert (
            f"{name}: NOT DELIVERED after 1 try: the service answered 403; "
            "the next run sends 1 alert again" in output
        )


@pytest.mark.reliability
def test_strict_exits_3_when_an_alert_did_not_arrive(shell: Shell) -> None:
    shell.answer = Answer(delivered=False, reason="the service answered 403", final=True)
    shell("--strict")
    assert shell.code == Exit.ERROR
    shell.answer = Answer(delivered=True)
    shell("--strict")
    assert shell.code == Exit.PASS


@pytest.mark.reliability
def test_a_bad_state_that_nobody_is_told_of_is_loud(
    shell: Shell, repository: Repository, snapshot: Snapshot
) -> None:
    output = shell(environ={}).output
    assert "FAILED GATE: calc" in output
    assert output.endswith("NOBODY WAS TOLD: COVERAGE_ALERT_URLS is not set\n")
    assert shell.code == Exit.PASS
    shell("--strict", environ={})
    assert shell.code == Exit.ERROR
    publish(repository, snapshot, "pass")
    output = shell("--strict", environ={}).output
    assert output == "nothing to tell, and COVERAGE_ALERT_URLS is not set\n"
    assert shell.code == Exit.PASS


def test_a_dry_run_shows_all_and_sends_and_writes_nothing(
    shell: Shell, repository: Repository
) -> None:
    before = sorted(repository.root.rglob("*"))
    output = shell("--dry-run", "--strict").output
    assert "FAILED GATE: calc" in output
    assert "slack://***: would be sent 1 alert" in output
    assert (shell.orders, shell.code) == ([], Exit.PASS)
    assert sorted(repository.root.rglob("*")) == before
    assert "was sent 1 alert" in shell().output


@pytest.mark.security
@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--format", "json"), ("--strict",)])
@pytest.mark.parametrize("answer", [Answer(delivered=True), Answer(delivered=False, final=True)])
def test_no_secret_is_printed_or_kept(
    shell: Shell, repository: Repository, arguments: tuple[str, ...], answer: Answer
) -> None:
    shell.answer = answer
    output = shell(*arguments).output
    kept = [path.read_bytes() for path in (repository.root / "coverage").iterdir()]
    assert "hunter2" not in output
    assert not any(b"hunter2" in content for content in kept)


@pytest.mark.security
def test_what_is_no_url_is_refused_without_showing_it(shell: Shell) -> None:
    with pytest.raises(ConfigError, match="part 1 of 1 is no URL") as caught:
        shell(environ={"COVERAGE_ALERT_URLS": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_json_says_the_same_for_machines(shell: Shell) -> None:
    result = json.loads(shell("--format", "json").output)
    assert (result["dry_run"], result["unknown"], result["untold"]) == (False, [], [])
    delivery = result["deliveries"][1]
    assert delivery["target"] == "slack://***"
    assert (delivery["delivered"], delivery["tries"], delivery["reason"]) == (True, 1, "")
    assert delivery["alerts"][0]["event"] == "gate"
    assert delivery["alerts"][0]["fact"]["state"] == "below-floor"


def test_facts_and_state_are_files_of_the_caller(shell: Shell, repository: Repository) -> None:
    entry = {"kind": "exception", "suite": "calc", "subject": "c.py", "text": "due", "good": False}
    repository.write("facts.json", json.dumps([entry]))
    output = shell("--facts", "facts.json", "--state", "kept/state.json").output
    assert "was sent 2 alerts" in output
    assert "EXPIRING EXCEPTION: calc · c.py\n  due" in shell.orders[0].message.body
    assert (repository.root / "kept/state.json").is_file()
    assert not (repository.root / "coverage/alerts.state.json").exists()


def test_paths_are_those_of_the_folder_where_it_is_called(
    shell: Shell, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("calc/facts.json", "[]")
    monkeypatch.chdir(repository.root / "calc")
    shell("--facts", "facts.json", "--state", "state.json")
    assert (repository.root / "calc/state.json").is_file()


@pytest.mark.reliability
def test_a_suite_without_a_snapshot_is_said_to_stand(shell: Shell, repository: Repository) -> None:
    entry = {"kind": "drop", "suite": "calc", "subject": "calc", "text": "2.5", "good": False}
    repository.write("facts.json", json.dumps([entry]))
    Layout(load(repository.root).root).snapshot("calc").unlink()
    output = shell("--facts", "facts.json").output
    assert output.startswith("calc: has no snapshot; what was told of its gate stands\n")
    assert "was sent 1 alert" in output


@pytest.mark.reliability
def test_several_tries_are_counted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("covernance.notify.command.time.sleep", waits.append)
    shell.answer = Answer(delivered=False, reason="the service was not reached")
    assert "NOT DELIVERED after 2 tries" in shell("--tries", "2").output
    assert len(waits) == 2


def test_help_shows_examples() -> None:
    output = CliRunner().invoke(command, ["--help"]).output
    assert "covernance notify --facts coverage/guard.facts.json --dry-run" in output
