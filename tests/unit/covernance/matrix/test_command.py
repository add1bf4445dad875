from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from covernance.errors import Exit
from covernance.history.directory import Directory
from covernance.history.store import Entry
from covernance.layout import Layout
from covernance.matrix.command import command
from covernance.matrix.jobs import read
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def out(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value is Exit.PASS
    return result.stdout


@pytest.fixture
def _sharded(repository: Repository) -> None:
    text = (repository.root / "pyproject.toml").read_text()
    repository.write(
        "pyproject.toml", text.replace('tests = ["tests"]', 'tests = ["tests"]\nshards = 2')
    )


@pytest.mark.usefixtures("_sharded")
def test_text_shows_the_local_command_of_each_job(repository: Repository) -> None:
    assert out() == (
        "calc-1-of-2: COVERAGE_SHARD=1/2 nox -s tests_unit_calc\n"
        "calc-2-of-2: COVERAGE_SHARD=2/2 nox -s tests_unit_calc\n"
    )
    assert not Layout(repository.root).plan.exists()


@pytest.mark.usefixtures("_sharded")
def test_sharded_suite_is_named_once() -> None:
    outputs = dict(line.split("=", 1) for line in out("--format", "github").splitlines())
    assert json.loads(outputs["suites"]) == ["calc"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The suites that the store was asked for, once for each time; None for all."""
    found: list[str | None] = []
    entries = Directory.entries

    def ask(self: Directory, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        found.append(suite)
        return entries(self, suite=suite, branch=branch)

    monkeypatch.setattr(Directory, "entries", ask)
    return found


@pytest.mark.reliability
@pytest.mark.usefixtures("_sharded")
def test_store_is_listed_once_for_all_suites(
    repository: Repository, asked: list[str | None]
) -> None:
    for name in ("second", "third"):
        repository.write(f"{name}/__init__.py", "")
        table = f'source = ["{name}"]\ntests = ["tests"]\nshards = 2\n'
        repository.append("pyproject.toml", f"\n[tool.covernance.suites.{name}]\n{table}")
    repository.commit_first()
    assert "third-2-of-2" in out("--affected", "--base", "HEAD")
    assert asked == [None]


@pytest.mark.usefixtures("repository")
def test_store_that_is_not_needed_is_not_listed(asked: list[str | None]) -> None:
    assert out() == "calc: nox -s tests_unit_calc\n"
    assert asked == []


def test_unsharded_suite_needs_no_variable(repository: Repository) -> None:
    assert out() == "calc: nox -s tests_unit_calc\n"


def test_github_outputs_are_one_line_each_and_the_plan_is_stored(repository: Repository) -> None:
    outputs = dict(line.split("=", 1) for line in out("--format", "github").splitlines())
    (leg,) = json.loads(outputs["matrix"])["include"]
    assert leg == {
        "name": "calc",
        "suite": "calc",
        "session": "tests_unit_calc",
        "shard": "1/1",
        "fail-under": "90",
    }
    assert json.loads(outputs["any"]) is True
    assert json.loads(outputs["suites"]) == ["calc"]
    assert [job.name for job in read(Layout(repository.root).plan).jobs] == ["calc"]


def test_json_lists_the_same_jobs(repository: Repository) -> None:
    told = json.loads(out("--format", "json"))
    assert [leg["name"] for leg in told["jobs"]] == ["calc"]
    assert told["left_out"] == {}
