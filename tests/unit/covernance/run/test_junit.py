from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from covernance.engine.theme_result import ThemeResult
from covernance.errors import InputError
from covernance.run.junit import merge_suite, write_requested

pytestmark = pytest.mark.reliability

Build = Callable[..., ThemeResult]

RESULTS = {
    "passed": "",
    "skipped": '<skipped message="not today"/>',
    "failed": '<failure message="no"/>',
    "error": '<error message="broken"/>',
}


def report(*cases: tuple[str, str, float]) -> str:
    """pytest's report of one pass: names of tests, their outcomes and their times."""
    inner = "".join(
        f'<testcase classname="tests.test_a" name="{name}" time="{seconds}">{RESULTS[end]}'
        "</testcase>"
        for name, end, seconds in cases
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">'
        f'<testsuite name="pytest" hostname="here" time="1.5">{inner}</testsuite></testsuites>'
    )


@pytest.fixture
def passes(tmp_path: Path, finished: Build) -> Callable[..., ThemeResult]:
    def make(theme: str, *cases: tuple[str, str, float]) -> ThemeResult:
        folder = tmp_path / theme
        folder.mkdir(exist_ok=True)
        result = msgspec.structs.replace(finished(), theme=theme, folder=folder)
        result.junit.write_text(report(*cases), encoding="utf-8")
        return result

    return make


def parse(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314 - made by the code under test


def themes(case: ET.Element) -> list[str | None]:
    return [item.get("value") for item in case.iter("property") if item.get("name") == "theme"]


def test_a_test_of_two_themes_is_there_once_with_both(passes: Build) -> None:
    results = [
        passes("reliability", ("test_b", "passed", 0.5), ("test_a", "passed", 1)),
        passes("security", ("test_b", "passed", 0.25)),
        passes("unthemed", ("test_c", "skipped", 0)),
    ]
    root = parse(merge_suite("calc", results))
    (suite,) = root
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == ["test_a", "test_b", "test_c"]
    assert {name: themes(case) for name, case in cases.items()} == {
        "test_a": ["reliability"],
        "test_b": ["reliability", "security"],
        "test_c": [],
    }
    assert cases["test_b"].get("time") == "0.500"
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "0", "errors": "0", "skipped": "1"}
    assert (suite.get("name"), suite.get("hostname"), suite.get("time")) == (
        "calc",
        "here",
        "4.500",
    )


@pytest.mark.security
@pytest.mark.parametrize("better", ["passed", "skipped", "failed"])
@pytest.mark.parametrize("order", [("reliability", "security"), ("security", "reliability")])
def test_the_worst_outcome_of_a_test_is_shown(
    passes: Build, better: str, order: tuple[str, str]
) -> None:
    made = {
        "reliability": passes("reliability", ("test_a", better, 2)),
        "security": passes("security", ("test_a", "error", 1)),
    }
    root = parse(merge_suite("calc", [made[theme] for theme in order]))
    (case,) = root.iter("testcase")
    assert [child.tag for child in case if child.tag != "properties"] == ["error"]
    assert case.get("time") == "2.000"
    assert root[0].get("errors") == "1"


def test_a_setup_and_a_teardown_that_fail_are_one_test(passes: Build) -> None:
    twice = passes("security", ("test_a", "failed", 1), ("test_a", "error", 0))
    (case,) = parse(merge_suite("calc", [twice])).iter("testcase")
    assert case.find("error") is not None


def test_a_pass_that_died_has_no_report(finished: Build) -> None:
    root = parse(merge_suite("calc", [finished()]))
    assert root[0].get("tests") == "0"


def test_a_damaged_report_is_an_error_that_names_the_file(passes: Build) -> None:
    result = passes("security")
    result.junit.write_text("<testsuites>")
    with pytest.raises(InputError, match=r"tests\.junit\.xml: the JUnit XML of a pass is damaged"):
        merge_suite("calc", [result])


def test_requested_reports_are_merged_per_path_and_suite(passes: Build, tmp_path: Path) -> None:
    target = tmp_path / "out/report.xml"

    def asked(result: ThemeResult, suite: str) -> ThemeResult:
        result.requested_junit.write_bytes(result.junit.read_bytes())
        assert result.record
        record = msgspec.structs.replace(result.record, junit=str(target))
        return msgspec.structs.replace(result, suite=suite, record=record)

    results = [
        asked(passes("reliability", ("test_a", "passed", 1)), "calc"),
        asked(passes("security", ("test_b", "failed", 1)), "calc"),
        asked(passes("architecture", ("test_a", "passed", 1)), "other"),
        passes("unthemed", ("test_d", "passed", 1)),
    ]
    assert write_requested(results, tmp_path) == [Path("out/report.xml")]
    suites = parse(target.read_bytes())
    assert [[case.get("name") for case in suite] for suite in suites] == [
        ["test_a", "test_b"],
        ["test_a"],
    ]
    assert write_requested(results[3:], tmp_path) == []
