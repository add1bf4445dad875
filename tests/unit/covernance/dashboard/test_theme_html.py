from __future__ import annotations

import pytest
from click.testing import CliRunner

from covernance.cli import cli
from covernance.context import Context
from covernance.dashboard.theme_html import theme_reports
from tests.unit.covernance.conftest import FakeProcesses
from tests.utils.agents import local_agent
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def measured_run(repository: Repository, processes: FakeProcesses) -> None:
    """A full run whose architecture tests ran the first line of two."""
    processes.arcs["architecture"] = [(-1, 1)]
    CliRunner().invoke(cli, ["run"], catch_exceptions=False, standalone_mode=False)


def test_theme_report_shows_the_lines_that_the_theme_ran(
    context: Context, measured_run: None
) -> None:
    written = theme_reports(context, local_agent)
    html = context.layout.html
    assert written == tuple(html / "calc" / theme for theme in context.table.themes)
    percents = {
        folder.name: folder.joinpath("index.html").read_text().split('<span class="pc_cov">')[1][:6]
        for folder in written
    }
    assert percents == {"architecture": "50.00%", "reliability": "100.00", "security": "100.00"}
    assert not list(context.layout.work.glob("run-*"))


@pytest.mark.reliability
def test_suite_without_data_has_no_theme_reports(context: Context) -> None:
    assert theme_reports(context, local_agent) == ()
