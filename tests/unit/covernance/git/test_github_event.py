from __future__ import annotations

from pathlib import Path

import pytest

from covernance.git.github_event import GitHubEvent, read_event

pytestmark = pytest.mark.reliability


def test_the_event_of_a_push_names_the_branch_and_the_commit_before(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text('{"before": "abc", "repository": {"default_branch": "trunk"}, "forced": true}')
    event = read_event({"GITHUB_EVENT_PATH": str(path)})
    assert (event.before, event.repository.default_branch) == ("abc", "trunk")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"before": 3}', '{"repository": null}'])
def test_an_event_that_cannot_be_read_is_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    assert read_event({"GITHUB_EVENT_PATH": str(path)}) == GitHubEvent()


def test_outside_of_github_actions_it_is_empty(tmp_path: Path) -> None:
    assert read_event({}) == GitHubEvent()
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path / "none")}) == GitHubEvent()
