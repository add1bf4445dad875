from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Suite
from covernance.errors import InputError
from covernance.metrics_baseline.repeat import (
    Case,
    Run,
    Spread,
    find_broken_tests,
    flaky,
    measure_spread,
    plan,
    read_cases,
    slowest,
)

pytestmark = pytest.mark.reliability


def run(seconds: float = 1.0, **outcomes: str) -> Run:
    return Run(
        seed=1,
        seconds=seconds,
        cases={test: Case(outcome, seconds) for test, outcome in outcomes.items()},
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "contains no tests"),
        ("", "is damaged"),
        ("<html/>", "is damaged"),
        (
            '{"schema":1,"exit":5,"collected":{},"outcomes":{},"seconds":{},"collection_errors":[]}',
            "contains no tests",
        ),
    ],
)
def test_missing_or_damaged_record_is_an_error(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=rf"record\.json: .*{message}"):
        read_cases(path)


@pytest.mark.architecture
def test_repetition_has_its_own_seed_and_folder_and_no_coverage(
    suite: Suite, tmp_path: Path
) -> None:
    first, second = plan(suite, [7, 8], tmp_path, python=Path("python"), environ={"HOME": "/home"})
    assert first.process.environment["HOME"] == "/home"
    command = list(first.process.command)
    assert command[:5] == ["python", "-m", "pytest", "-p", "randomly"]
    assert "--randomly-seed=7" in command
    assert f"--covernance-record={first.process.folder / 'record.json'}" in command
    assert command[-1] == "tests/unit/api"
    assert "coverage" not in command
    assert first.process.folder != second.process.folder
    assert (second.number, second.seed) == (2, 8)
    assert (second.suite, second.number) == ("api", 2)


@pytest.mark.architecture
def test_repetition_leaves_out_what_the_table_leaves_out(suite: Suite, tmp_path: Path) -> None:
    narrowed = msgspec.structs.replace(suite, select="not slow", ignore=("tests/manual",))
    (one,) = plan(narrowed, [7], tmp_path, python=Path("python"), environ={})
    assert {"--covernance-select=not slow", "--ignore=tests/manual"} <= {*one.process.command}


def test_test_whose_outcomes_differ_is_flaky() -> None:
    runs = [
        run(a="passed", b="passed", c="failed", d="passed"),
        run(a="passed", b="failed", c="error", d="skipped"),
        run(a="passed", b="failed", c="failed"),
    ]
    assert flaky(runs) == {
        "b": {"failed": 2, "passed": 1},
        "c": {"error": 1, "failed": 2},
        "d": {"not run": 1, "passed": 1, "skipped": 1},
    }


def test_only_a_test_that_fails_in_every_repetition_is_broken() -> None:
    runs = [run(a="failed", b="failed", c="failed"), run(a="error", b="passed")]
    assert find_broken_tests(runs) == ("a",)


def test_one_repetition_finds_no_flaky_tests() -> None:
    assert flaky([run(a="failed")]) == {}
    assert find_broken_tests([run(a="failed")]) == ("a",)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["passed", "failed"]))))
def test_flaky_and_broken_do_not_depend_on_the_order(results: list[dict[str, str]]) -> None:
    runs = [run(1.0, **outcomes) for outcomes in results]
    assert flaky(runs) == flaky(runs[::-1])
    assert find_broken_tests(runs) == find_broken_tests(runs[::-1])
    assert all("passed" not in flaky(runs).get(test, {}) for test in find_broken_tests(runs))


def test_slowest_tests_are_sorted_by_median_time() -> None:
    runs = [
        run(1.0, a="passed", b="passed"),
        run(3.0, a="passed"),
        run(8.0, a="passed", c="passed"),
    ]
    assert list(slowest(runs, 2).items()) == [("c", 8.0), ("a", 3.0)]
    assert slowest([run(1.0, b="passed", a="passed")], 5) == {"a": 1.0, "b": 1.0}
    assert list(slowest([run(1.0, b="passed", a="passed")], 5)) == ["a", "b"]


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_median_is_within_the_spread(seconds: list[float]) -> None:
    times = measure_spread(seconds)
    assert times.least <= times.median <= times.most
    assert (times.least, times.most) == (min(seconds), max(seconds))


def test_median_of_an_even_number_of_times_is_the_mean_of_the_middle() -> None:
    assert measure_spread([4.0, 1.0, 2.0, 3.0]) == Spread(2.5, 1.0, 4.0)
