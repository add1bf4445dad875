from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from covernance.cli import cli
from covernance.dashboard.command import command
from covernance.errors import Exit
from tests.unit.covernance.conftest import FakeProcesses
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def out(*arguments: str) -> list[str]:
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value is Exit.PASS
    return result.stdout.splitlines()


@pytest.mark.reliability
def test_page_without_results_shows_them_as_missing(repository: Repository) -> None:
    assert out() == [
        "wrote coverage/badges/calc.svg",
        "wrote coverage/metrics.prom",
        "wrote coverage/html/index.html",
    ]
    assert "No result" in Path("coverage/html/index.html").read_text()


def test_dry_run_writes_nothing(repository: Repository) -> None:
    assert out("--dry-run", "--theme-reports")[-1] == "would write coverage/html/index.html"
    assert not Path("coverage/html").exists()


def test_theme_reports_are_written_first_and_linked(
    repository: Repository, processes: FakeProcesses
) -> None:
    CliRunner().invoke(cli, ["run"], standalone_mode=False, catch_exceptions=False)
    assert out("--theme-reports", "--branch", "main")[:3] == [
        "wrote coverage/html/calc/architecture",
        "wrote coverage/html/calc/reliability",
        "wrote coverage/html/calc/security",
    ]
    page = Path("coverage/html/index.html").read_text()
    assert 'href="calc/security/index.html"' in page
