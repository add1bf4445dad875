"""What zizmor does not ask of the workflows: rights by name, one required check, the table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from covernance.config import load
from covernance.git.default_branch import USUAL
from scripts.mutants import choose_modules, list_modules

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES
}
JOBS = {
    (name, key): job
    for name, document in WORKFLOWS.items()
    for key, job in document["jobs"].items()
}
EACH_JOB = pytest.mark.parametrize("where", JOBS, ids="/".join)
GATE = JOBS["tests.yml", "gate"]
WRITERS = {
    ("tests.yml", "history"): {"contents"},
    ("tests.yml", "codecov"): {"id-token"},
    ("coverage-comment.yml", "comment"): {"pull-requests"},
    ("coverage-digest.yml", "digest"): {"contents", "pull-requests"},
}
SECRETS = {
    ("tests.yml", "codecov"): {"CODECOV_TOKEN"},
    ("coverage-digest.yml", "exceptions"): {"COVERAGE_ALERT_URLS"},
}


@pytest.mark.security
@EACH_JOB
def test_a_job_writes_only_what_it_is_there_to_write(where: tuple[str, str]) -> None:
    assert WORKFLOWS[where[0]]["permissions"] == {}
    rights = JOBS[where]["permissions"]
    assert {key for key, value in rights.items() if value == "write"} == WRITERS.get(where, set())


@pytest.mark.security
@EACH_JOB
def test_a_secret_is_used_where_it_is_needed_and_nowhere_else(where: tuple[str, str]) -> None:
    job = JOBS[where]
    used = set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(job)))
    assert used == SECRETS.get(where, set())
    assert not used or "environment" in job


@pytest.mark.security
@EACH_JOB
def test_no_checkout_keeps_credentials_and_no_script_holds_an_expression(
    where: tuple[str, str],
) -> None:
    for step in JOBS[where]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "${{" not in step.get("with", {}).get("script", "")
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.security
def test_an_action_is_pinned_to_one_commit_whose_version_is_told() -> None:
    pins: dict[str, set[str]] = {}
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "uses:" in line:
                pin = re.fullmatch(r"[ -]+uses: ([\w/-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
                assert pin, f"{path.name}: {line}"
                pins.setdefault(pin[1], set()).add(pin[2])
    assert all(len(commits) == 1 for commits in pins.values()), pins


@pytest.mark.reliability
@EACH_JOB
def test_a_job_ends_in_time_on_a_named_image(where: tuple[str, str]) -> None:
    assert JOBS[where]["timeout-minutes"] <= 30
    assert JOBS[where]["runs-on"] == "ubuntu-24.04"


@pytest.mark.reliability
def test_the_gate_stands_for_every_job_before_it_and_always_speaks() -> None:
    after = {"gate", "history", "codecov"}
    assert set(GATE["needs"]) == WORKFLOWS["tests.yml"]["jobs"].keys() - after
    assert GATE["if"] == "always()"
    assert all(step["if"] == "always()" for step in GATE["steps"][1:])
    assert all(f"needs.{job}.result" in GATE["steps"][0]["if"] for job in GATE["needs"])


@pytest.mark.architecture
def test_pushes_to_the_tables_default_branch_are_measured() -> None:
    triggers = WORKFLOWS["tests.yml"][True]  # YAML 1.1 reads the key `on` as true
    assert triggers["push"]["branches"] == [load(ROOT).default_branch or USUAL]


@pytest.mark.architecture
def test_no_workflow_names_a_suite() -> None:
    for path in FILES:
        for suite in load(ROOT).suites:
            named = rf"(unit|--suite|coverage)[-_ /]{suite.name}\b"
            assert not re.search(named, path.read_text(encoding="utf-8")), path.name


@pytest.mark.reliability
def test_every_module_that_is_mutated_is_in_a_job_of_the_week() -> None:
    packages = JOBS["tests-weekly.yml", "mutants"]["strategy"]["matrix"]["package"]
    modules = list_modules(ROOT)
    chosen = [choose_modules(modules, [package]) for package in packages]
    assert sorted(module for job in chosen for module in job) == modules
