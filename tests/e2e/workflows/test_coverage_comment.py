"""coverage-comment.yml from the artifact of another run to the request that posts it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.workflows import miniature
from tests.e2e.workflows.act import Run, Runner
from tests.e2e.workflows.forge import READER, Event, Forge, forge

pytestmark = pytest.mark.security

WORKFLOW = "coverage-comment.yml"
SOURCE = Path(__file__).parents[3] / ".github/workflows" / WORKFLOW
SHA = "1f" * 20


@dataclass
class Commented:
    """A forge with this workflow, whose GitHub knows pull request 7 of a fork."""

    forge: Forge
    runner: Runner
    sha: str = SHA

    def __post_init__(self) -> None:
        pull = {"number": 7, "head": {"sha": self.sha, "repo": {"id": 2}}}
        answers = {
            "pulls.list": [[pull]],
            "issues.listComments": [[]],
            "issues.createComment": [{}],
        }
        (self.runner.store / "github.json").write_text(json.dumps(answers), encoding="utf-8")

    def leave(self, text: str) -> None:
        """Leave the artifact of run 41."""
        folder = self.runner.store / "artifacts/41/1/coverage-comment"
        folder.mkdir(parents=True)
        (folder / "comment.md").write_text(text, encoding="utf-8")

    def ended(self) -> Run:
        """Run the workflow after run 41, of a pull request, failed."""
        run = {
            "id": 41,
            "event": "pull_request",
            "head_sha": self.sha,
            "head_branch": "topic",
            "head_repository": {"id": 2, "owner": {"login": "guest"}},
            "html_url": "https://github.com/example/project/actions/runs/41",
            "run_started_at": "2026-11-21T12:00:00Z",
            "conclusion": "failure",
        }
        payload = {"action": "completed", "workflow_run": run, "ref": "refs/heads/main"}
        return self.runner.run(
            WORKFLOW, Event("workflow_run", self.forge.push().commit, payload), run_id=42
        )


@pytest.fixture
def commented(tmp_path: Path) -> Iterator[Commented]:
    with forge(tmp_path) as served:
        target = served.work / ".github/workflows" / WORKFLOW
        target.parent.mkdir(parents=True)
        shutil.copyfile(SOURCE, target)
        served.commit("The workflow")
        yield Commented(served, Runner(tmp_path / "runs", served))


def posted(run: Run) -> list[str]:
    return [
        note["parameters"]["body"]
        for note in run.notes("github_script")
        if note["name"] == "issues.createComment"
    ]


def test_what_a_failed_run_of_a_fork_left_is_posted(commented: Commented) -> None:
    commented.leave("## Coverage: 0 of 1 suites pass\n\n@octo\n")
    run = commented.ended()
    assert run.results == {"comment": "success"}, run.log
    [body] = posted(run)
    assert "## `Coverage: 0 of 1 suites pass`\n\n`@octo`\n\n" in body
    assert "which ended as **failure**" in body


def test_a_run_that_left_nothing_is_told(commented: Commented) -> None:
    run = commented.ended()
    assert run.results == {"comment": "success"}, run.log
    [body] = posted(run)
    assert "No coverage summary" in body


def test_what_a_forks_own_red_run_of_the_tests_measured_is_posted(tmp_path: Path) -> None:
    with forge(tmp_path) as served:
        project = miniature.create(served.work, suites=("api",))
        served.commit("Start")
        served.branch("topic")
        project.append("api/api_parts.py", "\n\ndef never():\n    return 1\n")
        sha = served.commit("Add what no test runs")
        runner = Runner(tmp_path / "runs", served)
        event = served.pull_request(fork=True)
        measured = runner.run("tests.yml", event, token=READER, run_id=41)
        served.switch()
        run = Commented(served, runner, sha).ended()
    assert measured.results["unit-api"] == measured.results["gate"] == "failure", measured.log
    assert run.results == {"comment": "success"}, run.log
    [body] = posted(run)
    assert "## `Coverage: 1 of 1 suites pass`" in body
    table, *_ = [line for line in body.splitlines() if line.startswith("| `api` |")]
    assert table.endswith("| `96.42` | `90` | `✅ pass` |")
    assert "### `Guard`\n\n`api: no-baseline`\n" in body
    assert "`api/api_parts.py:30: did not run`\n" in body
    assert "::" not in body  # what speaks to the runner stays in its log
    assert "which ended as **failure**" in body
