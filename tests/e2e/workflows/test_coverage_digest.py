"""coverage-digest.yml on the miniature with history: what it proposes, refuses and tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from covernance.config import ExceptionSettings
from tests.e2e.workflows import miniature
from tests.e2e.workflows.act import Run, Runner
from tests.e2e.workflows.forge import REPOSITORY, Event, Forge, forge, git
from tests.utils.repository import Repository
from tests.utils.serving import serving

pytestmark = pytest.mark.reliability

WORKFLOW = "coverage-digest.yml"
SECRET = "hunter2-rotate-me"


@dataclass
class Webhook:
    """An HTTP server that keeps the messages it is sent."""

    received: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    with serving(Handler) as address:
        made.url = f"json://ci:{SECRET}@{address}/{SECRET}"
        yield made


@dataclass
class Governed:
    """The miniature on a forge, and what runs its workflow."""

    forge: Forge
    repository: Repository
    runner: Runner

    def measure(self) -> None:
        """Commit, run the suite, and keep its result in history, as tests.yml does."""
        self.forge.commit("A change")
        assert self.repository.covernance("run").code in (0, 2)
        kept = self.repository.covernance("history", "add", "--store", "git")
        assert kept.code == 0, kept.text

    def on_monday(self, run_id: int | None = None, urls: str = "") -> Run:
        """Run the workflow by its schedule; `urls` are those of the secret."""
        commit = git(self.forge.work, "rev-parse", "main")
        payload = {"schedule": "17 6 * * 1", "ref": "refs/heads/main"}
        return self.runner.run(
            WORKFLOW,
            Event("schedule", commit, payload),
            run_id=run_id,
            secrets={"COVERAGE_ALERT_URLS": urls} if urls else {},
        )

    def answer_with(self, *artifacts: dict[str, Any]) -> None:
        """Let GitHub list these artifacts."""
        answers = {"actions.listArtifactsForRepo": [artifacts]}
        (self.runner.store / "github.json").write_text(json.dumps(answers), encoding="utf-8")

    def except_half(self, review: str) -> None:
        """Add a file that no test covers, and an exception for it that is reviewed on a day."""
        self.repository.write("api/half.py", "def halve(number):\n    return number / 2\n")
        self.measure()
        assert self.repository.covernance("exceptions", "sync").code == 0
        listed = self.repository.covernance("exceptions", "list", "--format", "json")
        (row,) = json.loads(listed.out)["rows"]
        register = self.repository.root / ExceptionSettings().register
        text = register.read_text(encoding="utf-8")
        text = text.replace("**TODO: rationale**", "nobody halves yet")
        register.write_text(text.replace(row["row"]["review"], review), encoding="utf-8")
        self.forge.commit("An exception")


@pytest.fixture
def governed(tmp_path: Path) -> Iterator[Governed]:
    with forge(tmp_path) as served:
        repository = miniature.create(served.work, suites=["api"])
        repository.write(".github/CODEOWNERS", "* @everyone\n")
        made = Governed(served, repository, Runner(tmp_path / "runs", served))
        made.answer_with()
        yield made


@pytest.mark.architecture
def test_a_good_week_is_proposed_and_alarms_nobody(governed: Governed, webhook: Webhook) -> None:
    governed.measure()
    run = governed.on_monday(urls=webhook.url)
    assert run.results == {"digest": "success", "exceptions": "success"}, run.log
    [proposed] = run.notes("create_pull_request")
    assert proposed["branch"] == "coverage-digest"
    assert proposed["add_paths"] == "docs/metrics"
    assert proposed["changed"].splitlines() == [
        "?? docs/metrics/coverage-api.svg",
        "?? docs/metrics/coverage-weekly.json",
        "?? docs/metrics/coverage-weekly.md",
    ]
    assert webhook.received == []
    assert run.artifacts == {}


def test_an_expired_exception_fails_and_alerts_once_and_the_digest_is_still_proposed(
    governed: Governed, webhook: Webhook
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    governed.except_half(yesterday.isoformat())

    first = governed.on_monday(41, webhook.url)
    assert first.results == {"digest": "success", "exceptions": "failure"}, first.log
    assert len(first.notes("create_pull_request")) == 1
    job = first.jobs["exceptions"]
    assert f"api/half.py (api): expired on {yesterday}" in job.log
    assert [name for name, ended in job.steps.items() if ended == "failure"] == [
        "Check the exceptions"
    ]
    [message] = webhook.received
    assert REPOSITORY in message["title"]
    assert f"valid until {yesterday}" in message["message"]
    assert first.files("coverage-alerts") == {"alerts.state.json"}
    assert SECRET not in first.log
    assert SECRET not in (first.artifacts["coverage-alerts"] / "alerts.state.json").read_text()

    own = {"repository_id": 1, "head_repository_id": 1, "head_branch": "main"}
    governed.answer_with(
        {"id": 9, "expired": False, "workflow_run": own | {"id": 99, "head_repository_id": 2}},
        {"id": 8, "expired": False, "workflow_run": own | {"id": 98, "head_branch": "topic"}},
        {"id": 7, "expired": True, "workflow_run": own | {"id": 97}},
        {"id": 1, "expired": False, "workflow_run": own | {"id": 40}},
        {"id": 2, "expired": False, "workflow_run": own | {"id": 41}},
    )
    second = governed.on_monday(42, webhook.url)
    assert second.results == {"digest": "success", "exceptions": "failure"}, second.log
    assert second.jobs["exceptions"].steps["Fetch the state of alerts"] == "success"
    assert "json://127.0.0.1" in second.jobs["exceptions"].log
    assert len(webhook.received) == 1
    assert second.files("coverage-alerts") == {"alerts.state.json"}


def test_missing_alert_urls_and_missing_rights_fail_with_a_message(governed: Governed) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=3)
    governed.except_half(soon.isoformat())
    (governed.runner.store / "create_pull_request.fail").touch()
    run = governed.on_monday()
    assert run.results == {"digest": "failure", "exceptions": "failure"}, run.log
    told = [text for *_, text in run.jobs["digest"].annotations]
    assert any("Workflow permissions" in text for text in told), told
    job = run.jobs["exceptions"]
    assert "alerts not sent: COVERAGE_ALERT_URLS is not set" in job.log
    assert [name for name, ended in job.steps.items() if ended == "failure"] == ["Alert"]


def test_without_history_both_jobs_are_red_and_say_why(governed: Governed) -> None:
    governed.forge.commit("Nothing was measured")
    run = governed.on_monday()
    assert run.results == {"digest": "failure", "exceptions": "failure"}, run.log
    assert "history: no results on branch 'main'" in run.jobs["digest"].log
    assert "no result of branch 'main' is stored" in run.jobs["exceptions"].log
    assert run.notes("create_pull_request") == []
    assert "Alert" not in run.jobs["exceptions"].steps
