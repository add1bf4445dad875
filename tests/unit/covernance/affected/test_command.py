from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from covernance.affected import command as face
from covernance.affected.affected_tests import Selection
from covernance.errors import Exit
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

CHOSEN = [
    Selection("api", ("tests/a.py::t", "tests/b.py")),
    Selection("auth", (), ("data.json changed",)),
    Selection("logging", ("tests/c.py",)),
]


@pytest.fixture
def selections(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> list[Selection]:
    """What is selected in this repository."""
    found: list[Selection] = []
    monkeypatch.setattr(face, "select", lambda *_: found)
    return found


def call(*arguments: str) -> Result:
    ran = CliRunner().invoke(face.command, arguments, standalone_mode=False, catch_exceptions=False)
    assert ran.return_value is Exit.PASS
    return ran


def test_tests_are_listed_one_per_line_and_notes_are_errors(selections: list[Selection]) -> None:
    selections += CHOSEN
    ran = call()
    assert ran.stdout.splitlines() == ["tests/a.py::t", "tests/b.py", "tests/c.py"]
    assert ran.stderr.splitlines()[0] == "affected-tests: auth: data.json changed"
    assert "floors are not checked" in ran.stderr


def test_json_lists_the_tests_of_each_suite_that_has_some(selections: list[Selection]) -> None:
    selections += CHOSEN
    assert json.loads(call("--format", "json").stdout) == {
        "api": ["tests/a.py::t", "tests/b.py"],
        "logging": ["tests/c.py"],
    }


@pytest.mark.reliability
def test_without_any_test_standard_output_holds_none(selections: list[Selection]) -> None:
    assert call().stdout == ""
    assert call("--format", "json").stdout == "{}\n"
    assert "no test is affected by the change" in call().stderr
