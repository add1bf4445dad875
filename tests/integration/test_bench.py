"""The benchmarks and the simulation: their arithmetic, and one real measurement."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bench.generate import Shape, generate
from bench.process import CommandError, Cost, cost
from bench.results import figures
from bench.simulate import Fleet, knee, main, outcome, sizes, split
from bench.themes import govern
from bench.variants import environment, forget
from bench.workloads import Workload

pytestmark = pytest.mark.reliability

DURATIONS = st.lists(st.floats(0, 1000), min_size=1, max_size=50)
FLEET = Fleet(runners=4, setup=20, collect=0.01, slowdown=1.5, fan_in=5, price=0.01)


@given(DURATIONS, st.integers(1, 20))
def test_a_split_loses_no_work_and_is_as_even_as_the_longest_test_allows(
    durations: list[float], shards: int
) -> None:
    parts = split(durations, shards)
    assert len(parts) == shards
    assert sum(parts) == pytest.approx(sum(durations))
    assert max(parts) <= sum(durations) / shards + max(durations) + 1e-6


@given(st.integers(1, 5000), st.integers(1, 300))
def test_suites_share_all_tests_and_none_is_empty(tests: int, suites: int) -> None:
    found = sizes(tests, suites)
    assert sum(found) == tests
    assert min(found) >= 1
    assert len(found) <= suites


@given(st.lists(DURATIONS, min_size=1, max_size=8), st.integers(1, 16))
def test_more_runners_are_never_slower_and_cost_the_same(
    suites: list[list[float]], shards: int
) -> None:
    few = outcome(suites, shards, FLEET)
    many = outcome(suites, shards, msgspec.structs.replace(FLEET, runners=1000))
    assert many.wall <= few.wall
    assert (many.minutes, many.jobs) == (few.minutes, few.jobs)


def test_the_knee_is_the_last_split_that_pays() -> None:
    long = [[10.0] * 120]
    outcomes = [outcome(long, shards, FLEET) for shards in (1, 2, 4, 8, 16)]
    assert knee(outcomes).shards == 4


def test_ratios_are_of_the_same_round() -> None:
    rounds = [
        {"bare": Cost(1, 1, 10), "x": Cost(2, 3, 20)},
        {"bare": Cost(10, 10, 10), "x": Cost(20, 30, 30)},
        {"bare": Cost(1, 1, 10), "x": Cost(2, 3, 20)},
    ]
    found = figures(rounds)["x"]
    assert (found.wall_ratio, found.cpu_ratio, found.memory_mib) == (2, 3, 30)
    assert found.over_seconds == 1


def test_what_a_command_took_includes_its_children(tmp_path: Path) -> None:
    burn = "sum(range(30_000_000))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    found = cost([(sys.executable, "-c", code)], tmp_path, environment())
    alone = cost([(sys.executable, "-c", "pass")], tmp_path, environment())
    assert found.cpu > alone.cpu
    assert found.wall > 0
    assert found.memory_mib > 0


def test_a_command_that_fails_gives_no_figure(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"exit 3\nwhy"):
        cost([(sys.executable, "-c", "print('why'); raise SystemExit(3)")], tmp_path, environment())


def test_a_generated_project_is_the_same_every_time_and_starts_cold(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, Shape(files=3, statements=40, tests=7))
        govern(tmp_path / name, "made")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.py"))
    assert len(files) == 8
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    work = Workload(
        name="one", folder=tmp_path / "one", suite="project", source="made", tests="tests"
    )
    (work.folder / ".coverage.left").touch()
    forget(work)
    assert sorted(path.name for path in work.folder.glob(".coverage*")) == [".coveragerc"]


def test_without_results_the_simulation_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    govern(tmp_path, ".")
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main)
    assert told.exit_code == 1
    assert "run the suite first" in told.output
