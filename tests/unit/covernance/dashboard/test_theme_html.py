from __future__ import annotations

import pytest
from click.testing import CliRunner

from covernance.cli import cli
from covernance.config import Table, load
from covernance.dashboard.theme_html import theme_reports
from covernance.layout import Layout
from tests.unit.covernance.conftest import FakePasses
from tests.utils.agents import local_agent
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def measured_run(repository: Repository, passes: FakePasses) -> None:
    """A full run whose architecture tests ran the first line of two."""
    passes.arcs["architecture"] = [(-1, 1)]
    CliRunner().invoke(cli, ["run"], catch_exceptions=False, standalone_mode=False)


def test_theme_report_shows_the_lines_that_the_theme_ran(table: Table, measured_run: None) -> None:
    written = theme_reports(table, local_agent)
    html = Layout(table.root).html
    assert written == tuple(html / "calc" / theme for theme in table.themes)
    percents = {
        folder.name: folder.joinpath("index.html").read_text().split('<span class="pc_cov">')[1][:4]
        for folder in written
    }
    assert percents == {"architecture": "50%<", "reliability": "100%", "security": "100%"}
    assert not list(Layout(table.root).work.glob("run-*"))


@pytest.mark.reliability
def test_suite_without_data_has_no_theme_reports(table: Table) -> None:
    assert theme_reports(table, local_agent) == ()
