from __future__ import annotations

import json
from pathlib import Path

import pytest

from covernance.git.default_branch import find_default_branch, find_hosted_default
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_the_table_comes_before_the_event_before_origin_before_main(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit_first()
    context = context_of(repository.root)
    assert (find_hosted_default(context), find_default_branch(context)) == (None, "main")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert find_default_branch(context) == "trunk"
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "develop"}}), encoding="utf-8")
    context = context_of(repository.root, {"GITHUB_EVENT_PATH": str(event)})
    assert find_default_branch(context) == "develop"
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    named = text.replace("[tool.covernance]\n", '[tool.covernance]\ndefault-branch = "stable"\n')
    repository.write("pyproject.toml", named)
    context = context_of(repository.root, {"GITHUB_EVENT_PATH": str(event)})
    assert (find_hosted_default(context), find_default_branch(context)) == ("develop", "stable")


@pytest.mark.reliability
def test_without_git_the_default_branch_is_main(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(Repository(tmp_path).root)
    assert find_default_branch(context) == "main"
    monkeypatch.setenv("PATH", "")
    assert find_default_branch(context) == "main"
