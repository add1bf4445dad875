from __future__ import annotations

import msgspec
import pytest

from covernance.integrity.inventory import (
    Function,
    add_bodies,
    explain_absences,
    list_run_tests,
    list_source_tests,
)
from covernance.model.snapshot import Snapshot, TestResult

pytestmark = pytest.mark.architecture

SOURCE = """\
import pytest
from pytest import fixture, mark

pytestmark = [pytest.mark.architecture, mark.slow]


def test_plain():
    def test_inner():
        pass


@pytest.mark.security
@pytest.mark.parametrize("x", [1, 2])
async def test_marked(x):
    pass


@mark.skipif(True, reason="x")
def test_skipped():
    pass


@fixture
def test_client():
    pass


@pytest.fixture(scope="session")
def test_database():
    pass


def helper():
    pass


@pytest.mark.reliability
class TestGroup:
    pytestmark = pytest.mark.security

    @pytest.mark.xfail
    def test_method(self):
        pass

    class TestNested:
        def test_deep(self):
            pass


if True:
    def test_conditional():
        pass

try:
    pass
except ValueError:
    def test_handler():
        pass

match 1:
    case 1:
        def test_case():
            pass
"""


def test_the_tests_of_a_source_are_the_ones_that_pytest_collects() -> None:
    module = frozenset({"architecture", "slow"})
    group = module | {"reliability", "security"}
    tests = list_source_tests({"t.py": SOURCE})
    plain = {
        name: msgspec.structs.replace(test, body="", checks=None) for name, test in tests.items()
    }
    assert plain == {
        "t.py::test_plain": Function(marks=module),
        "t.py::test_marked": Function(marks=module | {"security", "parametrize"}),
        "t.py::test_skipped": Function(skipped=1, marks=module | {"skipif"}),
        "t.py::TestGroup::test_method": Function(skipped=1, marks=group | {"xfail"}),
        "t.py::TestGroup::TestNested::test_deep": Function(marks=group),
        "t.py::test_conditional": Function(marks=module),
        "t.py::test_handler": Function(marks=module),
        "t.py::test_case": Function(marks=module),
    }


def test_one_marker_needs_no_list() -> None:
    source = "pytestmark = pytest.mark.security\ndef test_a(): pass\n"
    assert list_source_tests({"t.py": source})["t.py::test_a"].marks == {"security"}


def test_the_last_of_two_pytestmark_lists_is_used() -> None:
    source = (
        "pytestmark = pytest.mark.security\n"
        "pytestmark = [pytest.mark.slow, pytest.mark.reliability]\n"
        "def test_a(): pass\n"
    )
    assert list_source_tests({"t.py": source})["t.py::test_a"].marks == {"slow", "reliability"}


@pytest.mark.reliability
def test_an_invalid_file_does_not_affect_others() -> None:
    sources = {"a.py": "def test_a(): pass", "b.py": "def (", "c.py": "def test_c(): pass"}
    assert list_source_tests(sources).keys() == {"a.py::test_a", "c.py::test_c"}


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["def test_a(:\n", "\0", ""])
def test_an_invalid_file_defines_no_tests(text: str) -> None:
    assert list_source_tests({"t.py": text}) == {}


def test_decorators_of_any_form_are_accepted() -> None:
    source = "@(lambda f: f)\n@x[0].mark.y\ndef test_a(): pass\n"
    assert list_source_tests({"t.py": source})["t.py::test_a"].marks == {"y"}


def test_the_cases_of_a_run_are_counted_by_function(snapshot: Snapshot) -> None:
    def result(outcome: str, *themes: str) -> TestResult:
        reason = "slow" if outcome == "skipped" else ""
        return TestResult(outcome=outcome, seconds=0.0, themes=themes, reason=reason)

    run = msgspec.structs.replace(
        snapshot,
        tests={
            "t.py::test_a[x::[1]-y]": result("passed", "security"),
            "t.py::test_a[2]": result("skipped", "reliability"),
            "t.py::C::test_b": result("xfailed"),
            "t[1].py::test_c": result("failed"),
        },
    )
    assert list_run_tests(run) == {
        "t.py::test_a": Function(
            cases=2, skipped=1, reason="slow", marks=frozenset({"security", "reliability"})
        ),
        "t.py::C::test_b": Function(cases=1, skipped=1),
        "t[1].py::test_c": Function(cases=1),
    }


def test_a_body_is_the_code_without_name_decorators_and_parameters() -> None:
    sources = {
        "t.py": "@mark.slow\ndef test_a(x):\n    assert x  # as it is\n",
        "u.py": "def test_b():\n\n    assert   x\ndef test_c():\n    assert y\n",
    }
    tests = list_source_tests(sources)
    assert tests["t.py::test_a"].body == tests["u.py::test_b"].body
    assert tests["u.py::test_b"].body != tests["u.py::test_c"].body
    run = {"u.py::test_b": Function(cases=3), "v.py::test_d": Function()}
    bodies = {name: test.body for name, test in add_bodies(run, sources).items()}
    assert bodies == {"u.py::test_b": tests["u.py::test_b"].body, "v.py::test_d": ""}


def test_a_run_knows_why_tests_are_absent(snapshot: Snapshot) -> None:
    assert snapshot.effects
    effects = msgspec.structs.replace(
        snapshot.effects,
        deselected=("t.py::test_a[1]", "t.py::test_a[2]"),
        skipped_files={"u.py": "no numpy"},
    )
    run = msgspec.structs.replace(snapshot, effects=effects)
    assert explain_absences(run) == {"t.py::test_a": "deselected", "u.py": "skipped: no numpy"}
    assert explain_absences(msgspec.structs.replace(snapshot, effects=None)) == {}
