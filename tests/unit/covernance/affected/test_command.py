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
    selected: list[Selection] = []
    monkeypatch.setattr(face, "select", lambda *_: selected)
    return selected


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(
        face.command, arguments, standalone_mode=False, catch_exceptions=False
    )
    assert result.return_value is Exit.PASS
    return result


def test_tests_are_printed_one_per_line_and_notes_to_standard_error(
    selections: list[Selection],
) -> None:
    selections += CHOSEN
    result = call()
    assert result.stdout.splitlines() == ["tests/a.py::t", "tests/b.py", "tests/c.py"]
    assert result.stderr.splitlines()[0] == "affected-tests: auth: data.json changed"
    assert "floors are not checked" in result.stderr


def test_json_lists_the_selected_tests_by_suite(selections: list[Selection]) -> None:
    selections += CHOSEN
    assert json.loads(call("--format", "json").stdout) == {
        "api": ["tests/a.py::t", "tests/b.py"],
        "logging": ["tests/c.py"],
    }


@pytest.mark.reliability
def test_empty_selection_prints_nothing_to_standard_output(selections: list[Selection]) -> None:
    assert call().stdout == ""
    assert call("--format", "json").stdout == "{}\n"
    assert "no test is affected by the change" in call().stderr
