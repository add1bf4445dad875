"""A suite in every Python of this machine, with the oldest and the newest pytest and coverage.

Run by `nox -s compat`, not by `nox -s tests`: it makes an environment for each. What is compared is
the environment's own plain `coverage run` of the same tests.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from covernance.model.snapshot import read
from tests.compat.environments import (
    COMBINATIONS,
    Combination,
    count_plainly,
    make_environment,
)
from tests.utils.repository import Repository, clean_environment

pytestmark = pytest.mark.architecture

SOURCE = """


def classify(values):
    for value in values:
        try:
            if value is None:
                continue
            with open(value) as stream:
                yield stream.read()
        except OSError:
            yield "gone"
        finally:
            last = value
    else:
        return
    yield last  # never


class Stack:
    def __init__(self, *items):
        self.items = [item for item in items if item]

    def pop(self, default=None):
        return self.items.pop() if self.items else default
"""
TESTS = """


@pytest.mark.reliability
class TestMore:
    @pytest.fixture(scope="class", params=[1, 2])
    def number(self, request):
        return request.param

    def test_stack(self, number):
        from calc import Stack
        assert Stack(number, 0).pop() == number

    def test_child(self, number):
        import subprocess, sys
        code = "import calc; print(list(calc.classify([None, 'gone'])))"
        assert b"gone" in subprocess.check_output([sys.executable, "-c", code])


@pytest.mark.security
@pytest.mark.xfail(strict=True)
def test_expected_failure():
    assert False


@pytest.mark.security
def test_skipped():
    pytest.skip("not here")


def test_without_a_theme():
    from calc import Stack
    assert Stack().pop(3) == 3
"""


@pytest.fixture(scope="module", params=COMBINATIONS, ids=str)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with nothing but pytest and coverage."""
    wanted: Combination = request.param
    return make_environment(wanted, tmp_path_factory.mktemp("environments") / "environment")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.append("calc/__init__.py", SOURCE)
    made.append("tests/test_calc.py", TESTS)
    text = (made.root / "pyproject.toml").read_text(encoding="utf-8")
    (made.root / "pyproject.toml").write_text(
        text.replace(" -p no:randomly -p no:hypothesispytest", ""), encoding="utf-8"
    )
    made.write("calc/unimported.py", "import os\n\nif os:\n    x = 1\n")
    made.write(
        "pytest.ini",
        "[pytest]\npythonpath = .\naddopts = --strict-markers\n"
        "markers =\n    architecture\n    reliability\n    security\n",
    )
    return made


def test_a_suite_is_measured_to_its_environment_s_own_totals(
    repository: Repository, python: Path
) -> None:
    ran = repository.covernance("run", f"--python={python}", "--fail-under=50", "--contexts=test")

    assert ran.code == 0, ran.text
    found = read(repository.root / "coverage/calc.snapshot.json")
    assert found.total == count_plainly(repository, python, "calc")
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.provenance.python == version.stdout.strip()
    outcomes = sorted(test.outcome for test in found.tests.values())
    assert outcomes == ["passed"] * 8 + ["skipped", "xfailed"]
    assert found.themes["security"].earned.executed
    who = repository.covernance("who", "calc/__init__.py:3")
    assert "test_zero_is_refused" in who.out, who.text


def test_an_unchanged_suite_is_reused_and_an_edited_one_is_not(
    repository: Repository, python: Path
) -> None:
    run = ("run", f"--python={python}", "--fail-under=50")
    assert repository.covernance(*run).code == 0
    again = repository.covernance(*run)
    assert "reused from" in again.out, again.text
    repository.append("calc/unimported.py", "y = 2\n")
    assert "reused from" not in repository.covernance(*run).out


def test_arguments_are_read_by_the_environment_s_pytest(
    repository: Repository, python: Path
) -> None:
    ran = repository.covernance("run", f"--python={python}", "--", "-k", "zero", "-x")
    assert ran.code == 0, ran.text
    assert "partial run (-k 'zero')" in ran.out
    ran = repository.covernance("run", f"--python={python}", "--", "--no-such-option")
    assert ran.code == 3
    assert "unrecognized arguments: --no-such-option" in ran.err
