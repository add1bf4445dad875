"""A suite split over several checkouts, joined again: real pytest-split, real git clones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from covernance.model.snapshot import Snapshot, read
from tests.utils.repository import Ran, Repository

pytestmark = [pytest.mark.reliability, pytest.mark.needs_plugin("pytest-split")]

MORE_TESTS = """\


@pytest.mark.parametrize("values", [[1], [2, 1], [3, 3], [4, 5]])
@pytest.mark.reliability
@pytest.mark.security
def test_more(values):
    assert largest(values) == max(values)


def test_without_a_theme():
    assert divide(9, 3) == 3
"""


class Machines(NamedTuple):
    """A repository of three shards with its plan, and what its clones brought."""

    home: Repository
    arrived: Path


@pytest.fixture(scope="module")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    folder = tmp_path_factory.mktemp("machines")
    home = Repository(folder / "home")
    table = (home.root / "pyproject.toml").read_text()
    split = table.replace('tests = ["tests"]', 'tests = ["tests"]\nshards = 3')
    home.write("pyproject.toml", split)
    home.append("tests/test_calc.py", MORE_TESTS)
    home.git("init", "-q", "-b", "main")
    home.git("add", "-A")
    home.git("commit", "-qm", "start")
    planned = home.covernance("plan", "--format", "github")
    assert planned.code == 0, planned.text
    for number in (1, 2, 3):
        clone = folder / f"clone-{number}" / ("deeper" * number)
        home.git("clone", "-q", os.fspath(home.root), os.fspath(clone))
        (clone / "coverage").mkdir()
        shutil.copy(home.root / "coverage/plan.json", clone / "coverage")
        ran = Repository.at(clone).covernance("run", environ={"COVERAGE_SHARD": f"{number}/3"})
        assert ran.code == 0, ran.text
        assert f"partial run (shard {number}/3), floors not checked" in ran.out
        shutil.copytree(
            clone / f"coverage/parts/calc-{number}-of-3", folder / f"arrived/unit-calc-{number}"
        )
    return Machines(home, folder / "arrived")


@pytest.fixture
def machines(_measured: Machines, tmp_path: Path) -> Machines:
    """What was measured once, for one test to change."""
    home = tmp_path / "home"
    arrived = tmp_path / "arrived"
    shutil.copytree(_measured.home.root, home)
    shutil.copytree(_measured.arrived, arrived)
    return Machines(Repository.at(home), arrived)


def collect(machines: Machines) -> Ran:
    return machines.home.covernance("collect", os.fspath(machines.arrived))


def placeless(snapshot: Snapshot) -> Snapshot:
    """The result without times and run."""
    return msgspec.structs.replace(
        snapshot,
        provenance=msgspec.structs.replace(
            snapshot.provenance, recorded_at="", run_id="", source=""
        ),
        themes={
            theme: msgspec.structs.replace(cell, seconds=0.0)
            for theme, cell in snapshot.themes.items()
        },
        tests={
            name: msgspec.structs.replace(test, seconds=0.0)
            for name, test in snapshot.tests.items()
        },
    )


def test_joined_shards_equal_the_unsharded_run_exactly(machines: Machines) -> None:
    coverage = machines.home.root / "coverage"
    assert machines.home.covernance("run").code == 0
    whole = read(coverage / "calc.snapshot.json")
    whole_json = (coverage / "calc.json").read_bytes()
    (coverage / "calc.snapshot.json").unlink()

    joined = collect(machines)

    assert joined.code == 0, joined.text
    assert "calc: pass: 100.00 % (floor 90 %, from pyproject.toml)" in joined.out
    assert read(coverage / "calc.snapshot.json").provenance.source == "shards"
    assert read(coverage / "calc.snapshot.json").inputs == whole.inputs
    assert placeless(read(coverage / "calc.snapshot.json")) == placeless(whole)
    assert whole.inputs
    assert "calc/__init__.py" in whole.inputs.read
    assert without_time((coverage / "calc.json").read_bytes()) == without_time(whole_json)
    assert (coverage / "html/all/index.html").is_file()


def without_time(report: bytes) -> object:
    document = msgspec.json.decode(report)
    del document["meta"]["timestamp"]
    return document


@pytest.mark.security
def test_a_missing_shard_is_red_and_named(machines: Machines) -> None:
    shutil.rmtree(machines.arrived / "unit-calc-2")
    joined = collect(machines)
    assert joined.code == 2
    assert "no result from these planned jobs: calc-2-of-3" in joined.err
    assert not (machines.home.root / "coverage/calc.snapshot.json").exists()


@pytest.mark.security
def test_a_shard_that_ran_a_selection_is_refused(machines: Machines) -> None:
    home = machines.home
    ran = home.covernance("run", "--shard", "1/3", "--", "-k", "largest")
    assert "partial run (shard 1/3; -k 'largest'), floors not checked" in ran.out
    shutil.rmtree(machines.arrived / "unit-calc-1")
    shutil.copytree(home.root / "coverage/parts/calc-1-of-3", machines.arrived / "unit-calc-1")
    joined = collect(machines)
    assert joined.code == 3
    assert "partial run (-k 'largest'), so its floors can't be checked" in joined.err


@pytest.mark.security
def test_a_test_that_no_shard_ran_is_red(machines: Machines) -> None:
    record = machines.arrived / "unit-calc-1/reliability/record.json"
    document = msgspec.json.decode(record.read_bytes())
    test = min(document["collected"]["selected"])
    del document["collected"]["selected"][test]
    document["collected"]["elsewhere"].append(test)
    record.write_bytes(msgspec.json.encode(document))
    joined = collect(machines)
    assert joined.code == 1
    assert f"reliability: no shard ran {test}" in joined.text


@pytest.mark.security
def test_a_part_of_another_commit_is_refused(machines: Machines) -> None:
    machines.home.git("commit", "-q", "--allow-empty", "-m", "later")
    assert machines.home.covernance("plan", "--format", "github").code == 0
    joined = collect(machines)
    assert joined.code == 3
    assert "measured at commit" in joined.err


@pytest.mark.security
def test_a_part_that_came_twice_is_refused(machines: Machines) -> None:
    shutil.copytree(machines.arrived / "unit-calc-1", machines.arrived / "again")
    joined = collect(machines)
    assert joined.code == 3
    assert "two results of calc-1-of-3" in joined.err


@pytest.mark.security
def test_a_part_that_was_not_planned_is_refused(machines: Machines) -> None:
    part = machines.arrived / "unit-calc-1/part.json"
    part.write_text(part.read_text().replace('"of":3', '"of":4'))
    joined = collect(machines)
    assert joined.code == 3
    assert "calc-1-of-4 is not part of the plan" in joined.err


def test_a_whole_suite_is_put_in_place_under_todays_floor(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("init", "-q", "-b", "main")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "start")
    assert repository.covernance("plan", "--format", "github").code == 0
    assert repository.covernance("run", "--fail-under", "100").code == 0
    arrived = tmp_path / "arrived"
    for name in ("calc.snapshot.json", "data/calc/.coverage"):
        target = arrived / "coverage-unit-calc" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(repository.root / "coverage" / name, target)
    collected = repository.covernance("collect", os.fspath(arrived))
    assert collected.code == 0, collected.text
    assert "calc: pass: 100.00 % (floor 90 %, from pyproject.toml)" in collected.out
    assert (repository.root / "coverage/html/calc/index.html").is_file()

    (arrived / "coverage-unit-calc/data/calc/.coverage").unlink()
    damaged = repository.covernance("collect", os.fspath(arrived))
    assert damaged.code == 3
    assert "upload hidden files" in damaged.err
