from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from covernance.agent.client import Agent
from covernance.agent.environment import GivenArguments, Prepare, Prepared
from covernance.errors import InputError

pytestmark = pytest.mark.architecture

Given = tuple[str, ...]

CASES: dict[Given, GivenArguments] = {
    ("-x",): GivenArguments(),
    ("-q", "--maxfail=1", "--reruns-of-a-plugin", "3"): GivenArguments(),
    ("-k", "tenant"): GivenArguments(narrowing=("-k 'tenant'",)),
    ("-ktenant",): GivenArguments(narrowing=("-k 'tenant'",)),
    ("-k", "tests"): GivenArguments(narrowing=("-k 'tests'",)),
    ("-m", "slow"): GivenArguments(expression="slow", narrowing=("-m 'slow'",)),
    ("-mslow",): GivenArguments(expression="slow", narrowing=("-m 'slow'",)),
    ("-m", "a", "-m", "b"): GivenArguments(expression="b", narrowing=("-m 'b'",)),
    ("--deselect=x",): GivenArguments(narrowing=("--deselect 'x'",)),
    ("--ignore", "tests/a"): GivenArguments(narrowing=("--ignore 'tests/a'",)),
    ("--lf",): GivenArguments(narrowing=("--last-failed",)),
    ("--sw",): GivenArguments(narrowing=("--stepwise",)),
    ("--collect-only",): GivenArguments(narrowing=("--collect-only",)),
    ("tests/test_x.py::test_a",): GivenArguments(paths=("tests/test_x.py::test_a",)),
    ("tests/test_x.py", "--flag-of-conftest", "tests"): GivenArguments(paths=("tests/test_x.py",)),
    ("--junitxml", "tests/test_x.py"): GivenArguments(one_file="--junit-xml"),
    ("--basetemp=t",): GivenArguments(one_file="--basetemp"),
    ("-vsm", "slow", "-xk", "a"): GivenArguments(
        expression="slow", narrowing=("-k 'a'", "-m 'slow'"), interactive=True
    ),
    ("--capture", "no"): GivenArguments(interactive=True),
    ("--pdb",): GivenArguments(interactive=True),
    ("--trace",): GivenArguments(interactive=True),
    ("-n", "2"): GivenArguments(spreads=True),
    ("-nauto",): GivenArguments(spreads=True),
    ("--numprocesses=3",): GivenArguments(spreads=True),
    ("--dist", "loadfile"): GivenArguments(spreads=True),
    ("-p", "no:xdist"): GivenArguments(spreads=True),
}
CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--flag-of-conftest", choices=["tests"])
    parser.addoption("--reruns-of-a-plugin", type=int)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests/conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "tests/test_x.py").write_text("def test_a(): pass\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:randomly -m 'not slow'\n")
    return folder


@pytest.fixture(scope="module")
def meanings(project: Path) -> Mapping[Given, GivenArguments | None]:
    """The meaning of every case, read by the environment's pytest in one process."""
    tasks = [(Prepare(tests=("tests",), arguments=given), Prepared) for given in CASES]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        answers = Agent(Path(sys.executable)).ask_all(tasks)
    return {given: answer.arguments for given, answer in zip(CASES, answers, strict=True)}


@pytest.mark.parametrize("given", CASES, ids=" ".join)
def test_arguments_are_read_as_pytest_reads_them(
    meanings: Mapping[Given, GivenArguments | None], given: Given
) -> None:
    assert meanings[given] == CASES[given]


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("given", "message"),
    [(("--no-such-option",), "--no-such-option"), (("-k",), "expected one argument")],
)
def test_arguments_that_pytest_can_not_read_are_a_clear_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, given: Given, message: str
) -> None:
    monkeypatch.chdir(project)
    task = Prepare(tests=("tests",), arguments=given)
    with pytest.raises(InputError, match=f"pytest can't read its arguments: .*{message}"):
        Agent(Path(sys.executable)).ask(task, Prepared)
