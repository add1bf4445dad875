"""coverage-digest.yml's script, on real Node with the real client and a server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.github_script.runner import run_script, scripts
from tests.integration.github_server import GitHub, serving

pytestmark = pytest.mark.security

[SCRIPT] = scripts(Path(__file__).parents[2] / ".github/workflows/coverage-digest.yml")


def found(github: GitHub, folder: Path) -> str:
    """The run whose artifact the script chose."""
    output = folder / "output"
    output.touch()
    run_script(SCRIPT, github, folder, {}, GITHUB_OUTPUT=str(output), GITHUB_REF_NAME="main")
    name, value, _ = output.read_text(encoding="utf-8").splitlines()
    assert name.startswith("run<<")
    return value


def test_the_newest_state_of_this_branch_of_this_repository_is_read(tmp_path: Path) -> None:
    with serving() as github:
        for number in range(150):
            github.add_artifact("coverage-alerts", run=1000 + number, head_repository=2)
        github.add_artifact("coverage-alerts", run=1)
        github.add_artifact("coverage-alerts", run=2)
        github.add_artifact("coverage-alerts", run=3, branch="topic")
        github.add_artifact("coverage-alerts", run=4, expired=True)
        github.add_artifact("other", run=5)
        assert found(github, tmp_path) == "2"


def test_the_first_run_finds_none(tmp_path: Path) -> None:
    with serving() as github:
        github.add_artifact("coverage-alerts", run=3, head_repository=2)
        assert found(github, tmp_path) == ""
