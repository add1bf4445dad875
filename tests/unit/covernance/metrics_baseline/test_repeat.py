from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Suite
from covernance.errors import InputError
from covernance.metrics_baseline.repeat import (
    Case,
    Run,
    Spread,
    broken,
    flaky,
    plan,
    read,
    slowest,
    spread,
)

pytestmark = pytest.mark.reliability

REPORT = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.test_a" name="test_one" file="tests/test_a.py" line="1" time="0.25"/>
<testcase classname="tests.test_a.TestA.TestB" name="test_two[c.d]" file="tests/test_a.py" time="1">
  <failure message="no">trace</failure></testcase>
<testcase classname="tests.test_a" name="test_down" file="tests/test_a.py" time="0.5">
  <failure message="no">trace</failure></testcase>
<testcase classname="tests.test_a" name="test_down" file="tests/test_a.py" time="0.25">
  <error message="teardown">trace</error></testcase>
<testcase classname="tests.test_a" name="test_skip" file="tests/test_a.py" time="0">
  <skipped type="pytest.skip" message="why">where</skipped></testcase>
<testcase classname="doctest" name="without_a_file"/>
</testsuite></testsuites>
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "junit.xml"
    path.write_text(REPORT, encoding="utf-8")
    return path


def run(seconds: float = 1.0, **outcomes: str) -> Run:
    return Run(
        seed=1,
        seconds=seconds,
        cases={test: Case(outcome, seconds) for test, outcome in outcomes.items()},
    )


@pytest.mark.architecture
def test_a_report_is_read_by_node_id(report: Path) -> None:
    assert read(report) == {
        "tests/test_a.py::test_one": Case("passed", 0.25),
        "tests/test_a.py::TestA::TestB::test_two[c.d]": Case("failed", 1.0),
        "tests/test_a.py::test_down": Case("error", 0.75),
        "tests/test_a.py::test_skip": Case("skipped", 0.0),
        "doctest::without_a_file": Case("passed", 0.0),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a JUnit report"),
        (REPORT[:300], "is not a JUnit report"),
        ("<html/>", "is not a JUnit report"),
        (REPORT.replace('"0.25"', '"soon"'), "is not a JUnit report"),
        ("<testsuites><testsuite/></testsuites>", "reports no tests"),
    ],
)
def test_a_damaged_report_is_an_error_and_no_figure(
    report: Path, content: str, message: str
) -> None:
    report.write_text(content)
    with pytest.raises(InputError, match=rf"junit\.xml: {message}"):
        read(report)


def test_a_missing_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "junit.xml")


@pytest.mark.architecture
def test_each_repetition_has_its_seed_its_folder_and_no_coverage(
    suite: Suite, tmp_path: Path
) -> None:
    first, second = plan(suite, [7, 8], tmp_path, python="python")
    command = list(first.process.command)
    assert command[:5] == ["python", "-m", "pytest", "-p", "randomly"]
    assert "--randomly-seed=7" in command
    assert f"--junit-xml={first.report}" in command
    assert command[-1] == "tests/unit/api"
    assert "coverage" not in command
    assert first.report.parent != second.report.parent
    assert (second.number, second.seed) == (2, 8)
    assert second.process.theme == "repetition 2"


def test_a_test_whose_outcomes_differ_is_flaky() -> None:
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


def test_a_test_that_fails_every_time_is_broken_and_one_that_is_absent_is_not() -> None:
    runs = [run(a="failed", b="failed", c="failed"), run(a="error", b="passed")]
    assert broken(runs) == ("a",)


def test_one_repetition_finds_nothing_flaky() -> None:
    assert flaky([run(a="failed")]) == {}
    assert broken([run(a="failed")]) == ("a",)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["passed", "failed"]))))
def test_flaky_and_broken_do_not_depend_on_the_order(results: list[dict[str, str]]) -> None:
    runs = [run(1.0, **outcomes) for outcomes in results]
    assert flaky(runs) == flaky(runs[::-1])
    assert broken(runs) == broken(runs[::-1])
    assert all("passed" not in flaky(runs).get(test, {}) for test in broken(runs))


def test_the_slowest_come_first_by_their_median() -> None:
    runs = [
        run(1.0, a="passed", b="passed"),
        run(3.0, a="passed"),
        run(8.0, a="passed", c="passed"),
    ]
    assert list(slowest(runs, 2).items()) == [("c", 8.0), ("a", 3.0)]
    assert slowest([run(1.0, b="passed", a="passed")], 5) == {"a": 1.0, "b": 1.0}
    assert list(slowest([run(1.0, b="passed", a="passed")], 5)) == ["a", "b"]


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_spread_holds_its_median(seconds: list[float]) -> None:
    found = spread(seconds)
    assert found.least <= found.median <= found.most
    assert (found.least, found.most) == (min(seconds), max(seconds))


def test_an_even_number_of_times_has_the_mean_of_the_middle_as_median() -> None:
    assert spread([4.0, 1.0, 2.0, 3.0]) == Spread(2.5, 1.0, 4.0)
