from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.fact import Fact
from covernance.model.snapshot import Snapshot
from covernance.notify import alert_state
from covernance.notify.sender import Answer, Order
from covernance.notify.target import parse
from covernance.notify.workflow import (
    Delivery,
    Sender,
    gather,
    link_of,
    notify,
    pending,
    project_of,
    read_facts,
    wait_before,
)
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

TARGETS = parse("json://one/secret json://two/secret")
REFUSED = Answer(delivered=False, reason="the service returned 503")
TAKEN = Answer(delivered=True)


def fact(*, good: bool = False) -> Fact:
    return Fact(kind="gate", suite="api", subject="api", text="t", good=good, state="below-floor")


class Service:
    """Gives the answers set for a host, else accepts; records orders and waits."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.orders: list[Order] = []
        self.waits: list[float] = []

    def attempt(self, order: Order) -> Answer:
        self.orders.append(order)
        host = order.url.split("/")[2]
        return self.answers[host].pop(0) if self.answers.get(host) else TAKEN

    @property
    def hosts(self) -> list[str]:
        return [order.url.split("/")[2] for order in self.orders]


@pytest.fixture
def service() -> Service:
    return Service()


Run = Callable[[Sequence[Fact]], list[Delivery]]


@pytest.fixture
def run(tmp_path: Path, service: Service) -> Run:
    """A run of `notify` with one state; three tries, no waiting."""
    sender = Sender(
        attempt=service.attempt, tries=3, sleep=service.waits.append, project="p", link=""
    )
    return lambda facts: notify(tmp_path / "state.json", TARGETS, facts, sender)


def test_change_of_state_is_sent_once_to_every_target(run: Run, service: Service) -> None:
    assert [delivery.delivered for delivery in run([fact()])] == [True, True]
    assert [delivery.alerts for delivery in run([fact()])] == [(), ()]
    assert service.hosts == ["one", "two"]
    run([fact(good=True)])
    run([fact(good=True)])
    assert [order.message.level for order in service.orders[2:]] == ["success", "success"]


def test_failed_try_is_repeated_after_increasing_waits(run: Run, service: Service) -> None:
    service.answers["one"] = [REFUSED, REFUSED]
    deliveries = run([fact()])
    assert [(delivery.delivered, delivery.tries) for delivery in deliveries] == [
        (True, 3),
        (True, 1),
    ]
    first, second = service.waits
    assert 0.5 <= first <= 1 <= second <= 2


def test_tries_are_bounded_and_one_failing_target_does_not_block_others(
    run: Run, service: Service
) -> None:
    service.answers["one"] = [REFUSED] * 9
    failed, delivered = run([fact()])
    assert (failed.failed, failed.tries, failed.reason) == (True, 3, "the service returned 503")
    assert (delivered.failed, delivered.delivered) == (False, True)


def test_failed_delivery_is_retried_by_the_next_run_for_that_target_only(
    run: Run, service: Service
) -> None:
    service.answers["one"] = [REFUSED] * 3
    run([fact()])
    service.orders.clear()
    run([fact()])
    assert service.hosts == ["one"]


def test_recovery_from_an_undelivered_problem_is_not_reported(run: Run, service: Service) -> None:
    service.answers["one"] = [REFUSED] * 3
    run([fact()])
    service.orders.clear()
    run([fact(good=True)])
    assert service.hosts == ["two"]


def test_final_failure_is_not_retried(run: Run, service: Service) -> None:
    service.answers["one"] = [Answer(delivered=False, reason="no such URL", final=True)]
    assert run([fact()])[0].tries == 1
    assert service.waits == []


def test_each_delivery_is_recorded_before_the_next_begins(tmp_path: Path, service: Service) -> None:
    state = tmp_path / "state.json"

    def killed_at_the_second(order: Order) -> Answer:
        if service.orders:
            raise KeyboardInterrupt
        return service.attempt(order)

    sender = Sender(
        attempt=killed_at_the_second, tries=1, sleep=service.waits.append, project="p", link=""
    )
    with pytest.raises(KeyboardInterrupt):
        notify(state, TARGETS, [fact()], sender)
    decisions = pending(alert_state.read(state), TARGETS, [fact()])
    assert [bool(decision.alerts) for _, decision in decisions] == [False, True]


def test_concurrent_runs_send_once(tmp_path: Path, service: Service) -> None:
    state = tmp_path / "state.json"
    inside = threading.Event()
    leave = threading.Event()

    def slow(order: Order) -> Answer:
        inside.set()
        assert leave.wait(10)
        return service.attempt(order)

    sender = Sender(attempt=slow, tries=1, sleep=service.waits.append, project="p", link="")
    threads = [
        threading.Thread(target=notify, args=(state, TARGETS, [fact()], sender)) for _ in range(2)
    ]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(10)
    assert service.hosts == ["one", "two"]


@pytest.mark.security
def test_state_and_result_contain_no_secret(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers["one"] = [REFUSED] * 3
    deliveries = run([fact()])
    assert "secret" not in (tmp_path / "state.json").read_text() + repr(deliveries)


def test_damaged_state_sends_nothing(run: Run, service: Service, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        run([fact()])
    assert service.orders == []


@pytest.mark.parametrize("retry", range(1, 60))
def test_waits_double_and_are_bounded(retry: int) -> None:
    full = min(30.0, 2.0 ** (retry - 1))
    assert full / 2 <= wait_before(retry) <= full


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def published(table: Table, snapshot: Snapshot) -> Snapshot:
    calc = msgspec.structs.replace(snapshot, suite="calc")
    path = Layout(table.root).snapshot("calc")
    path.parent.mkdir()
    path.write_bytes(calc.encode())
    return calc


@pytest.mark.architecture
def test_facts_come_from_snapshots_and_from_files(
    table: Table, published: Snapshot, tmp_path: Path
) -> None:
    path = tmp_path / "facts.json"
    entry = {"kind": "drop", "suite": "calc", "subject": "calc", "text": "t", "good": True}
    path.write_text(json.dumps([entry]))
    known = gather(context_of(table), [path])
    assert [(fact.kind, fact.good) for fact in known.facts] == [("gate", False), ("drop", True)]
    assert known.unknown == ()


def test_suite_without_a_snapshot_is_named(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('[{"kind": "drop", "suite": "calc", "subject": "c", "text": "", "good": true}]')
    assert gather(context_of(table), [path]).unknown == ("calc",)


@pytest.mark.security
def test_no_snapshot_and_no_fact_is_an_error(table: Table) -> None:
    with pytest.raises(InputError, match="no snapshot of any suite"):
        gather(context_of(table), [])


@pytest.mark.security
def test_damaged_snapshot_is_an_error(table: Table, published: Snapshot) -> None:
    Layout(table.root).snapshot("calc").write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        gather(context_of(table), [])


@pytest.mark.security
def test_two_facts_about_one_subject_are_rejected(
    table: Table, published: Snapshot, tmp_path: Path
) -> None:
    path = tmp_path / "facts.json"
    entry = {"kind": "gate", "suite": "calc", "subject": "calc", "text": "t", "good": True}
    path.write_text(json.dumps([entry]))
    with pytest.raises(InputError, match="two facts describe gate of calc · calc"):
        gather(context_of(table), [path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "is not a list of facts"),
        ('[{"kind": "weather"}]', "is not a list of facts"),
        ('[{"kind": "drop", "suite": "a", "subject": "b", "text": "", "good": 1}]', r"good"),
        (
            '[{"kind": "drop", "suite": "a", "subject": "b", "text": "", "good": true, "x": 1}]',
            "unknown field `x`",
        ),
    ],
)
def test_file_without_valid_facts_is_rejected(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_facts(path)


def test_missing_facts_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"facts\.json: can't be read: No such file"):
        read_facts(tmp_path / "facts.json")


@pytest.mark.architecture
def test_message_names_the_repository_and_links_to_the_run(table: Table) -> None:
    environ = {
        "GITHUB_SERVER_URL": "https://github.example.org",
        "GITHUB_REPOSITORY": "team/repo",
        "GITHUB_RUN_ID": "7",
    }
    assert project_of(context_of(table, environ)) == "team/repo"
    assert link_of(environ) == "https://github.example.org/team/repo/actions/runs/7"
    assert (project_of(context_of(table)), link_of({})) == ("repository", "")
