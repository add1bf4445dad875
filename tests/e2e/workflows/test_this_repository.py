"""`tests.yml` on this very repository: what the jobs set up is what its sessions need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.workflows.act import Runner
from tests.e2e.workflows.forge import DEFAULT_BRANCH, forge, git

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[3]


def test_a_fresh_clone_plans_every_suite_and_measures_one(tmp_path: Path) -> None:
    with forge(tmp_path) as remote:
        git(ROOT, "push", "--quiet", remote.bare, f"HEAD:refs/heads/{DEFAULT_BRANCH}")
        git(remote.work, "fetch", "--quiet", "origin")
        git(remote.work, "checkout", "--quiet", DEFAULT_BRANCH)
        event = remote.dispatch(bootstrap="true")
        run = Runner(tmp_path / "runs", remote).run(
            "tests.yml", event, job="unit", leg="name:logging"
        )
    assert run.results == {"plan": "success", "unit-logging": "success"}, run.log
    for suite in ("api", "auth", "logging", "covernance"):
        assert f'"session": "tests_unit_{suite}"' in run.jobs["plan"].outputs["matrix"]
    assert "(floor 90 %, from COVERAGE_FAIL_UNDER)" in run.jobs["unit-logging"].log
    assert {"logging.json", "logging.xml", "logging.snapshot.json", "data/logging/.coverage"} <= (
        run.files("coverage-unit-logging")
    )
