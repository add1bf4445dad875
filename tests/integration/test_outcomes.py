"""Outcomes of tests are those of bare pytest, in generated suites."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from covernance.model.snapshot import FAILED, SEVERITY, read
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

HEAD = """\
import unittest

import pytest
from calc import divide

@pytest.fixture
def broken(): raise RuntimeError
@pytest.fixture
def skipping(): pytest.skip("no such machine")
@pytest.fixture
def leaking():
    yield
    raise RuntimeError

@pytest.mark.reliability
def test_themed(): assert divide(4, 2) == 2
"""

BODIES = ("pass", "assert False", "raise OSError", "pytest.skip('a')", "pytest.xfail('b')")
MARKS = (
    "@pytest.mark.skip",
    "@pytest.mark.skipif(False, reason='')",
    "@pytest.mark.xfail",
    "@pytest.mark.xfail(strict=True)",
    "@pytest.mark.xfail(run=False)",
    "@pytest.mark.xfail(raises=OSError)",
)
TABLE = """\
[tool.covernance]
themes = ["reliability"]
fail-under = 0

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests"]
"""
_WORDS = {"XFAIL": "xfailed", "XPASS": "xpassed"}
_SHOWN = re.compile(
    r"^(\S.*?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)(?: \(.*\))? +\[ *\d+%\]$", re.MULTILINE
)
_FAILED_SUBTEST = re.compile(r"^SUBFAILED\(n=\d\) (\S.*?)(?: - .*)?$", re.MULTILINE)
_TAGS = {"failure": "failed", "error": "error", "skipped": "skipped"}


class Case(NamedTuple):
    """A generated test function.

    Attributes:
        marks: Its decorators.
        fixtures: The fixtures that it asks for.
        subtests: The bodies of its subtests, which run first.
        bodies: Its body; if there are several, one per parameter.
        ids: The ids of its parameters.
        kind: A function, a method, or a method of `unittest.TestCase`, which has no fixtures.
    """

    marks: list[str]
    fixtures: list[str]
    subtests: list[str]
    bodies: list[str]
    ids: list[str]
    kind: str

    def source(self, number: int) -> str:
        is_case, bodies = self.kind == "case", self.bodies
        arguments = [] if self.kind == "function" else ["self"]
        marks = list(self.marks)
        lines = []
        for index, body in enumerate(self.subtests):
            subtest = "self.subTest" if is_case else "subtests.test"
            lines += [f"with {subtest}(n={index}):", f"    {body}"]
        if is_case or len(bodies) == 1:
            lines.append(bodies[0])
        else:
            ids = self.ids[: len(bodies)]
            marks.append(f"@pytest.mark.parametrize('x', range({len(ids)}), ids={ids})")
            arguments.append("x")
            for index, body in enumerate(bodies):
                lines += [f"if x == {index}:", f"    {body}"]
        if not is_case:
            arguments += [*self.fixtures, *["subtests"] * bool(self.subtests)]
        function = [*marks, f"def test_{number}({', '.join(arguments)}):"]
        function += [f"    {line}" for line in lines]
        if self.kind == "function":
            return "\n".join(function) + "\n"
        base = "unittest.TestCase" if is_case else "object"
        return "\n    ".join([f"class Test{number}({base}):", *function]) + "\n"

    @property
    def skips_a_subtest(self) -> bool:
        """Whether JUnit XML shows it as skipped, unlike pytest's summary."""
        return any("skip" in body or "xfail" in body for body in self.subtests)


class Bare(NamedTuple):
    """What pytest itself reports.

    Attributes:
        outcomes: The worst outcome that its terminal shows of each test.
        junit: The worst outcome of each test in its JUnit XML, by class and name.
        code: Its exit code.
    """

    outcomes: dict[str, str]
    junit: dict[str, str]
    code: int


CASES = st.builds(
    Case,
    marks=st.lists(st.sampled_from((*MARKS, *["@pytest.mark.reliability"] * 6)), max_size=2),
    fixtures=st.lists(st.sampled_from(("broken", "skipping", "leaking")), max_size=1),
    subtests=st.one_of(st.just([]), st.lists(st.sampled_from(BODIES), max_size=3)),
    bodies=st.lists(st.sampled_from((*BODIES, "pass")), min_size=1, max_size=3),
    ids=st.lists(
        st.text("a1 []@:|/\\.é{}\n\x00,'\"", min_size=1, max_size=6),
        min_size=3,
        max_size=3,
        unique=True,
    ),
    kind=st.sampled_from(("function", "function", "method", "case")),
)


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests are part of pytest 9")
@settings(
    max_examples=3,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(CASES, min_size=40, max_size=60, unique_by=repr))
def test_outcomes_and_exit_code_are_those_of_bare_pytest(cases: list[Case]) -> None:
    with TemporaryDirectory() as folder:
        repository = _make_repository(Path(folder), cases)
        bare = _run_pytest(repository)
        ran = repository.covernance("run")
        snapshot = read(repository.root / "coverage/calc.snapshot.json")
    outcomes = {test: result.outcome for test, result in snapshot.tests.items()}
    assert outcomes.keys() == bare.outcomes.keys()
    assert {_junit_name(test) for test in outcomes} == bare.junit.keys()
    for test, outcome in outcomes.items():
        number = re.search(r"test_(\d+)", test)
        case = cases[int(number[1])] if number else None
        if case and case.subtests and "xfail" in str(case.marks):
            # pytest shows a subtest that passes here as a test that passed unexpectedly.
            assert (outcome in FAILED) == (bare.outcomes[test] in FAILED), test
            continue
        assert outcome == bare.outcomes[test], test
        # JUnit XML has no unexpected passes, and shows a test as skipped if a subtest is.
        if outcome != "xpassed" and not (case and case.skips_a_subtest):
            assert outcome == bare.junit[_junit_name(test)], test
    assert ran.code == bare.code, ran.text


def _make_repository(folder: Path, cases: list[Case]) -> Repository:
    repository = Repository(folder / "repository", {"pyproject.toml": TABLE})
    repository.write(
        "pytest.ini", "[pytest]\npythonpath = .\nmarkers = reliability\naddopts = -p no:randomly\n"
    )
    sources = "\n".join(case.source(number) for number, case in enumerate(cases))
    (repository.root / "tests/test_calc.py").write_text(HEAD + sources, encoding="utf-8")
    return repository


def _run_pytest(repository: Repository) -> Bare:
    report = repository.root.parent / "plain.xml"
    command = ("python", "-m", "pytest", "-v", f"--junitxml={report}")
    ran = repository.command(*command, environ={"COLUMNS": "1000"})
    shown: dict[str, str] = {}
    for test, word in _SHOWN.findall(ran.out):
        shown[test] = _worst(shown.get(test), _WORDS.get(word, word.lower()))
    for test in _FAILED_SUBTEST.findall(ran.out):
        shown[test] = _worst(shown.get(test), "failed")
    junit: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        name = f"{case.get('classname')}.{case.get('name')}"
        junit[name] = _worst(junit.get(name), "passed", *map(_junit_outcome, case))
    return Bare(shown, junit, ran.code)


def _worst(*outcomes: str | None) -> str:
    return max((outcome for outcome in outcomes if outcome), key=SEVERITY.index)


def _junit_outcome(result: ET.Element) -> str:
    if result.get("type") == "pytest.xfail":
        return "xfailed"
    return _TAGS.get(result.tag, "passed")


def _junit_name(test: str) -> str:
    """The name in JUnit XML of a test."""
    function, bracket, parameters = test.partition("[")
    plain = function.replace("/", ".").replace(".py::", ".").replace("::", ".")
    return f"{plain}{bracket}{parameters}"
