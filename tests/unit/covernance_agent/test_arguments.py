from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import covernance_agent

pytestmark = pytest.mark.architecture

STARTUP = Path(covernance_agent.__file__).parent / "startup"
Given = tuple[str, ...]


class GivenArguments(NamedTuple):
    """The meaning of arguments; the defaults are that of arguments without a special one."""

    expression: str | None = None
    paths: tuple[str, ...] = ()
    narrowing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    interactive: bool = False
    spreads: bool = False


def ask(cases: Iterable[Given]) -> list[dict[str, Any]]:
    """The answers of one agent, in a process of its own, in the current folder."""
    tasks = [{"task": "prepare", "source": [], "tests": ["tests"], "arguments": c} for c in cases]
    Path("request.json").write_text(json.dumps({"schema": 1, "tasks": tasks}), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "covernance_agent", "request.json", "answer.json"],
        env={**os.environ, "PYTHONPATH": str(STARTUP)},
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(Path("answer.json").read_bytes())["answers"]
    return answers


CASES: dict[Given, GivenArguments] = {
    ("-x",): GivenArguments(),
    ("-q", "--maxfail=1", "--reruns=3"): GivenArguments(),
    ("-q", "--of-a-plugin", "3"): GivenArguments(unknown=("--of-a-plugin",)),
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
    ("-c", "lean.ini"): GivenArguments(narrowing=("-c 'lean.ini'",)),
    ("--noconftest",): GivenArguments(narrowing=("--noconftest",)),
    ("-o", "python_functions=check"): GivenArguments(narrowing=("-o 'python_functions=check'",)),
    ("-o", "cache_dir=x"): GivenArguments(),
    ("tests/test_x.py::test_a",): GivenArguments(paths=("tests/test_x.py::test_a",)),
    ("tests/test_x.py", "--flag-of-conftest", "tests"): GivenArguments(
        paths=("tests/test_x.py",), unknown=("--flag-of-conftest",)
    ),
    ("--junitxml", "tests/test_x.py"): GivenArguments(),
    ("--basetemp=t", "--log-file=x"): GivenArguments(),
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
    parser.addoption("--of-a-plugin", type=int)
    parser.addoption("--reruns", type=int)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests/conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "tests/test_x.py").write_text("def test_a(): pass\n", encoding="utf-8")
    for name in ("pytest.ini", "lean.ini"):
        (folder / name).write_text("[pytest]\naddopts = -p no:randomly -m 'not slow'\n")
    return folder


@pytest.fixture(scope="module")
def meanings(project: Path) -> Mapping[Given, GivenArguments | None]:
    """The meaning of every case, read by the environment's pytest in one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        answers = ask(CASES)
    assert len(answers) == len(CASES)
    return dict(zip(CASES, map(_meaning, answers)))


def _meaning(answer: Mapping[str, Any]) -> GivenArguments | None:
    """The meaning of arguments, or None if pytest can't read them."""
    if "result" not in answer:
        return None
    meaning = GivenArguments(**answer["result"]["arguments"])
    return meaning._replace(
        paths=tuple(meaning.paths),
        narrowing=tuple(meaning.narrowing),
        unknown=tuple(meaning.unknown),
    )


@pytest.mark.parametrize("given", CASES, ids=" ".join)
def test_arguments_are_read_as_pytest_reads_them(
    meanings: Mapping[Given, GivenArguments | None], given: Given
) -> None:
    if find_spec("xdist") is None and given[0].startswith(("-n", "--numprocesses", "--dist")):
        pytest.skip("these are options of pytest-xdist")
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
    (answer,) = ask([given])
    assert answer["error"]["kind"] == "input"
    assert answer["error"]["message"].startswith("pytest can't read its arguments: ")
    assert message in answer["error"]["message"]


@pytest.mark.reliability
@pytest.mark.parametrize("mode", ["--collect-only", "--setup-plan", "--fixtures", "--markers"])
def test_a_mode_without_tests_is_a_clear_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.chdir(project)
    (answer,) = ask([(mode,)])
    assert answer["error"]["kind"] == "input"
    assert answer["error"]["message"].startswith(f"{mode} runs no tests")


@pytest.mark.security
def test_the_variable_is_read_like_arguments_before_those_on_the_command_line(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k tenant -m 'a or b' -s")
    (none, some) = map(_meaning, ask([(), ("-m", "c")]))
    assert none == GivenArguments(expression="a or b", narrowing=("-k 'tenant'", "-m 'a or b'"))
    assert some == GivenArguments(expression="c", narrowing=("-k 'tenant'", "-m 'c'"))
