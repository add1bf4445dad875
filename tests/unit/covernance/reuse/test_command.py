from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from covernance.reuse.command import command
from covernance.reuse.workflow import Found, Reuse
from tests.unit.covernance.reuse.evidence_samples import sample_evidence
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

EVIDENCE = sample_evidence(programs=("/usr/bin/git",))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, repository: Repository) -> list[Found]:
    """What is kept of the suite: the last of the list."""
    kept = [Found(None, ("no result of a passing full run is stored",))]
    monkeypatch.setattr(Reuse, "find", lambda *_: kept[-1])
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_EVENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    return kept


def call(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert result.exception is None, result.exception
    return result.output


def test_suite_that_would_run_shows_the_reason(found: list[Found]) -> None:
    assert call("show") == "calc: would run:\n  no result of a passing full run is stored\n"


def test_suite_that_would_be_reused_shows_its_time(found: list[Found]) -> None:
    found.append(Found(EVIDENCE, ()))
    assert call("show", "--suite", "calc").splitlines() == [
        f"calc: would be reused: measured at {'c' * 40} on 2026-11-21T12:00:00Z",
        "  it starts /usr/bin/git, so any change in the repository makes it run",
    ]


def test_many_reasons_are_cut_unless_all_are_requested(found: list[Found]) -> None:
    found.append(Found(EVIDENCE, tuple(f"{number}.py changed" for number in range(25))))
    assert "  … and 5 more; `covernance cache show --all` shows all" in call("show")
    assert "24.py changed" in call("show", "--all")


@pytest.mark.security
def test_control_characters_in_names_are_escaped(found: list[Found]) -> None:
    found.append(Found(EVIDENCE, ("\x1b[2J changed",)))
    assert "\x1b" not in call("show")


def test_json_lists_the_suites(found: list[Found]) -> None:
    found.append(Found(EVIDENCE, ()))
    assert json.loads(call("show", "--format", "json")) == {
        "calc": {
            "reusable": True,
            "reasons": [],
            "commit": "c" * 40,
            "recorded_at": "2026-11-21T12:00:00Z",
            "programs": ["/usr/bin/git"],
        }
    }


@pytest.mark.reliability
def test_policy_against_reuse_is_shown(found: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_EVENT_NAME", "schedule")
    assert call("show").startswith("no results are reused here: scheduled runs measure every suite")


@pytest.mark.reliability
def test_clear_deletes_evidence_but_not_reports(repository: Repository) -> None:
    path = repository.write("coverage/data/calc/evidence.json", "{}")
    report = repository.write("coverage/calc.json", "{}")
    assert call("clear", "--dry-run") == "calc: would remove coverage/data/calc/evidence.json\n"
    assert path.exists()
    assert call("clear") == "calc: removed coverage/data/calc/evidence.json\n"
    assert not path.exists()
    assert report.exists()
    assert call("clear") == ""
    assert Path(repository.root / "coverage/data/calc").exists()
