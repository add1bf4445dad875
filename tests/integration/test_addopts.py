"""Whatever addopts holds, the tests that run and their outcomes are those of bare pytest."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from covernance.model.snapshot import read
from tests.utils.properties import examples_divided_by
from tests.utils.repository import Repository

pytestmark = [
    pytest.mark.reliability,
    pytest.mark.needs_plugin("pytest-xdist", "pytest-randomly", "pytest-split", "pytest-socket"),
]

FILES = {
    "pyproject.toml": """\
[tool.covernance]
themes = ["architecture", "reliability"]
fail-under = 0

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests"]
""",
    "tests/conftest.py": """\
import pytest


@pytest.fixture
def broken():
    raise RuntimeError
""",
    "tests/test_calc.py": '''\
import pytest
from calc import divide, largest

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("value", [1, 2, 3])
def test_divide(value):
    """
    >>> divide(4, 2)
    2.0
    """
    assert divide(value, 1) == value


@pytest.mark.slow
def test_slow(): assert largest([1, 3, 2]) == 3


@pytest.mark.xfail
def test_expected(): assert divide(1, 1) == 2


@pytest.mark.architecture
def test_fails(): assert largest([]) == 1


def test_broken(broken): pass
''',
    "tests/part/test_more.py": """\
import socket
import unittest

import pytest


class TestMore:
    @pytest.mark.architecture
    def test_one(self): pass

    @pytest.mark.slow
    @pytest.mark.skip(reason="no machine")
    def test_two(self): pass


class TestCase(unittest.TestCase):
    def test_three(self): self.assertEqual(1, 1)

    @unittest.expectedFailure
    def test_four(self): self.assertEqual(1, 2)


@pytest.mark.architecture
def test_socket(): socket.socket().close()
""",
}

CHOICES = (
    # what is collected and selected
    ("-m 'not slow'", "-m 'slow or architecture'", "-m reliability"),
    ("-k 'divide or more'", "-k 'not fails'", "-k 'test_one or TestCase'"),
    ("--ignore=tests/part", "--ignore-glob='*/test_more*'"),
    ("--deselect=tests/test_calc.py::test_fails", "--deselect=tests/part/test_more.py::TestMore"),
    ("--doctest-modules", "--doctest-glob='*.txt'"),
    ("--import-mode=importlib", "--import-mode=append"),
    ("-o python_functions='test_* check_*'", "-o xfail_strict=true", "--strict-markers"),
    # how tests run and are reported
    ("--runxfail",),
    ("-q", "-qq", "-vv", "--no-header", "--tb=no", "-rA", "--durations=2"),
    ("-s", "--capture=sys", "--show-capture=no"),
    ("-p no:cacheprovider", "--failed-first", "--new-first", "--cache-clear"),
    ("-p no:logging", "-p no:doctest", "--assert=plain", "--setup-show", "--color=yes"),
    ("-W ignore", "-W error::UserWarning", "--disable-warnings"),
    # pytest-xdist, pytest-randomly, pytest-socket, pytest-split
    ("-n 2", "-n 2 --dist=loadfile", "-n 1 --dist=worksteal", "-n 0"),
    ("-p no:randomly", "-p randomly -p no:doctest --randomly-seed=7", "--randomly-seed=1"),
    ("--disable-socket", "--allow-hosts=127.0.0.1", "--disable-socket --allow-unix-socket"),
    ("--splits=1 --group=1", "--splits=1 --group=1 --splitting-algorithm=least_duration"),
)


@st.composite
def _options(draw: st.DrawFn) -> str:
    kinds = draw(st.lists(st.sampled_from(CHOICES), min_size=2, max_size=6, unique=True))
    return " ".join(draw(st.sampled_from(kind)) for kind in kinds)


@settings(
    examples_divided_by(10),
    derandomize="CI" in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(_options())
def test_tests_and_outcomes_are_those_of_bare_pytest(options: str) -> None:
    with TemporaryDirectory() as folder:
        repository = Repository(Path(folder, "repository"), FILES)
        _configure(repository, options)
        expected, code = _run_pytest(repository)
        ran = repository.covernance("run")
        if code not in {0, 1}:  # nothing was selected, or pytest does not know an option
            assert ran.code in {2, 3}, ran.text
            return
        snapshot = read(repository.root / "coverage/calc.snapshot.json")
    outcomes = {_junit_name(test): str(result.outcome) for test, result in snapshot.tests.items()}
    assert {test: _WORDS.get(word, word) for test, word in outcomes.items()} == expected, options
    assert (ran.code == 1) == (code == 1), ran.text


_WORDS = {"xpassed": "passed"}  # JUnit XML has no unexpected passes
_TAGS = {"failure": "failed", "error": "error", "skipped": "skipped"}


def _configure(repository: Repository, options: str) -> None:
    markers = "markers =\n    architecture\n    reliability\n    slow\n"
    text = f"[pytest]\npythonpath = .\naddopts = {options}\n{markers}"
    (repository.root / "pytest.ini").write_text(text, encoding="utf-8")


def _run_pytest(repository: Repository) -> tuple[dict[str, str], int]:
    """Return the outcomes that bare pytest writes to JUnit XML, and its exit code."""
    report = repository.root.parent / "plain.xml"
    command = shlex.split(f"python -m pytest --junitxml={report}")
    ran = repository.command(*command)
    if not report.exists():
        return {}, ran.code
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        words = [
            "xfailed" if result.get("type") == "pytest.xfail" else _TAGS.get(result.tag, "passed")
            for result in case
        ]
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = max(words, default="passed")
    return outcomes, ran.code


def _junit_name(test: str) -> str:
    """The name in JUnit XML of a test."""
    function, bracket, parameters = test.partition("[")
    plain = function.replace("/", ".").replace(".py::", ".").replace("::", ".")
    return f"{plain}{bracket}{parameters}"
