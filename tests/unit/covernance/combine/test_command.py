from __future__ import annotations

import pytest
from click.testing import CliRunner

from covernance.cli import cli
from covernance.errors import Exit, InputError
from tests.unit.covernance.combine.conftest import measure
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_written_files_are_listed_relative_to_the_root(
    two_suites: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(two_suites, "other", "other/__init__.py")
    monkeypatch.chdir(two_suites.root / "calc")
    ran = CliRunner().invoke(cli, ["combine"], standalone_mode=False, catch_exceptions=False)
    assert ran.return_value is Exit.PASS
    assert ran.output.splitlines()[-3:] == [
        "wrote coverage/baseline.json",
        "wrote coverage/html/all",
        "wrote coverage/html/index.html",
    ]


@pytest.mark.reliability
def test_missing_suite_is_an_error(two_suites: Repository) -> None:
    ran = CliRunner().invoke(cli, ["combine"], standalone_mode=False)
    assert isinstance(ran.exception, InputError)
    assert "no data for suite other" in str(ran.exception)
