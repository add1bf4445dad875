"""coverage-comment.yml from the artifact of another run to the request that posts it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.workflows.act import Run, Runner
from tests.e2e.workflows.forge import Event, Forge, forge

pytestmark = pytest.mark.security

WORKFLOW = "coverage-comment.yml"
SOURCE = Path(__file__).parents[3] / ".github/workflows" / WORKFLOW
SHA = "1f" * 20


@dataclass
class Commented:
    """A forge with this workflow alone, whose GitHub knows pull request 7 of a fork."""

    forge: Forge
    runner: Runner

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
            "head_sha": SHA,
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
        runner = Runner(tmp_path / "runs", served)
        pull = {"number": 7, "head": {"sha": SHA, "repo": {"id": 2}}}
        answers = {
            "pulls.list": [[pull]],
            "issues.listComments": [[]],
            "issues.createComment": [{}],
        }
        (runner.store / "github.json").write_text(json.dumps(answers), encoding="utf-8")
        yield Commented(served, runner)


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
