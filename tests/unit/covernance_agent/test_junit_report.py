from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from covernance_agent.junit_report import JUNIT, JunitReport

pytestmark = pytest.mark.reliability

TESTS = """
import pytest

def test_good(record_property):
    record_property("ticket", "T-1")

@pytest.mark.parametrize("text", ["[a::b]", "\\0"])
def test_bad(text): assert not text

@pytest.fixture
def broken():
    yield
    raise RuntimeError
def test_teardown(broken): pass
@pytest.mark.skip(reason="not today")
def test_skip(): pass
"""


def cases(path: Path) -> list[tuple[str | None, list[str]]]:
    found = ET.parse(path).iter("testcase")  # noqa: S314 - pytest's own report
    return [(case.get("name"), [child.tag for child in case]) for case in found]


def test_the_report_has_the_tests_that_pytest_reports(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    plain = ("-p", "no:randomly", "-o", "junit_family=xunit1", "--junitxml=plain.xml")
    pytester.inline_run(*plain, plugins=[JunitReport(pytester.path)])
    assert cases(pytester.path / JUNIT) == cases(pytester.path / "plain.xml")


def test_the_report_changes_neither_the_output_nor_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_good(record_property): record_property('ticket', 'T-1')")
    result = pytester.inline_run("-W", "error", plugins=[JunitReport(pytester.path)])
    assert result.ret == 0
    assert "ticket" in (pytester.path / JUNIT).read_text()
