from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from covernance.config import Table
from covernance.errors import ConfigError, Exit
from covernance.machine import describe_machine
from covernance.metrics_baseline.command import command
from covernance.metrics_baseline.render import Metrics, suite_metrics
from covernance.metrics_baseline.repeat import Case, Run
from covernance.metrics_baseline.workflow import Request
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


class Measuring:
    """Fake measuring that records the request; `outcome` is the outcome of its only test."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.outcome = "passed"
        self.request: Request | None = None

    def __call__(self, table: Table, request: Request, progress: Callable[[str], None]) -> Metrics:
        self.request = request
        progress("calc: repetition 1")
        run = Run(seed=1, seconds=1.0, cases={"t::a": Case(self.outcome, 0.5)})
        return Metrics(
            recorded_at="2026-11-21T12:00:00Z",
            commit=None,
            dirty=None,
            machine=describe_machine(),
            suites={suite.name: suite_metrics(self._snapshot, [run]) for suite in request.suites},
        )


@pytest.fixture
def measuring(
    repository: Repository, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> Measuring:
    fake = Measuring(snapshot)
    monkeypatch.setattr("covernance.metrics_baseline.workflow.measure", fake)
    return fake


def shell(*arguments: str) -> Result:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_metrics_are_printed_and_written(measuring: Measuring, repository: Repository) -> None:
    result = shell("--repeat", "4", "--seed", "10")
    assert result.return_value == Exit.PASS
    assert result.stdout.startswith("calc: 75.00 % covered (below-floor); tests: 1, flaky: 0;")
    assert result.stderr.splitlines() == [
        "calc: repetition 1",
        "wrote docs/metrics/baseline.json",
        "wrote docs/metrics/baseline.md",
    ]
    assert measuring.request is not None
    assert measuring.request.seeds == (10, 11, 12, 13)
    assert (repository.root / "docs/metrics/baseline.md").is_file()


def test_default_seed_is_random(measuring: Measuring) -> None:
    drawn = set()
    for _ in range(2):
        shell()
        assert measuring.request is not None
        assert len(measuring.request.seeds) == 3
        drawn.add(measuring.request.seeds)
    assert len(drawn) == 2


@pytest.mark.reliability
def test_test_that_always_fails_exits_1(measuring: Measuring) -> None:
    measuring.outcome = "failed"
    assert shell().return_value == Exit.TESTS_FAILED


def test_json_format_prints_the_document(measuring: Measuring, repository: Repository) -> None:
    result = shell("--format", "json", "--suite", "calc", "--suite", "calc")
    assert result.stdout_bytes == (repository.root / "docs/metrics/baseline.json").read_bytes()
    assert list(json.loads(result.stdout)["suites"]) == ["calc"]


def test_dry_run_prints_only_the_commands(measuring: Measuring, repository: Repository) -> None:
    result = shell("--dry-run", "--repeat", "2", "--seed", "5")
    assert [line.split("--randomly-seed=")[1][0] for line in result.stdout.splitlines()] == [
        "5",
        "6",
    ]
    assert measuring.request is None
    assert not (repository.root / "docs").exists()


@pytest.mark.security
def test_unknown_suite_is_rejected(measuring: Measuring) -> None:
    with pytest.raises(ConfigError, match="no suite 'api'"):
        shell("--suite", "api")
    assert measuring.request is None


def test_help_shows_examples() -> None:
    output = CliRunner().invoke(command, ["--help"]).output
    assert "covernance metrics-baseline --repeat 10" in output
