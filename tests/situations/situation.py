"""Situations of users, written as data: a repository, what is done in it, what must be seen."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from tests.utils.repository import IDENTITY, TABLE, Ran, Repository

PYTEST_INI = """\
[pytest]
pythonpath = .
addopts = -p no:randomly
markers =
    architecture
    reliability
    security
    slow
"""

PROGRAMS = ("covernance", "coverage", "pytest")
"""Commands of this environment's Python, run as modules so that PATH doesn't matter."""

_RESULTS = {"failure": "failed", "error": "error", "skipped": "skipped"}


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What a user does, and what must be seen then.

    Attributes:
        folder: Where all of this happens, relative to the project.
        files: Texts of files that are written first, by path.
        replace: Edits of files that are made first, by path: the text that stands there once, and
            what replaces it.
        remove: Files that are deleted first.
        commit: The message of a commit of all that changed; "" for none.
        run: A command line with shell quoting, but without a shell; `{python}` is this interpreter,
            `{top}` the root of the git repository.
        environ: Variables for the command, with the same placeholders.
        exit: The exit code that must be returned.
        says: Texts that the output must hold.
        silent: Texts that the output must not hold.
        unchanged: Files and folders whose bytes the command must leave as they are.
        text: Texts that files must hold, by path.
        json: Files that must hold these values, by path; keys that are not named may be anything.
        same_tests_as: A pytest command; the outcomes in the suite's snapshot must be those that it
            reports in its JUnit XML.
        same_total_as: A coverage command that runs tests; the snapshot's total must be what
            `coverage json` reports after it.
    """

    folder: str = "."
    files: dict[str, str] = {}
    replace: dict[str, tuple[str, str]] = {}
    remove: tuple[str, ...] = ()
    commit: str = ""
    run: str = ""
    environ: dict[str, str] = {}
    exit: int = 0
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    text: dict[str, str] = {}
    json: dict[str, Any] = {}
    same_tests_as: str = ""
    same_total_as: str = ""


class Situation(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """A situation.

    Attributes:
        need: What a user needs, in a sentence.
        threads: Public threads in which users report it, as `owner/name#number`.
        project: The folder of the project in the git repository; all paths are relative to it.
        files: The files of the repository, added to a small package with three tests, the table in
            `pyproject.toml` and pytest's settings in `pytest.ini`. An empty text leaves a file out.
        measured-base: Whether the first commit is measured and its result stored in the history,
            and the steps are taken on a branch from there.
        steps: What is done, in order.
    """

    need: str
    threads: tuple[str, ...] = ()
    project: str = "."
    files: dict[str, str] = {}
    measured_base: bool = False
    steps: tuple[Step, ...]


MEASURE_BASE = (
    Step(run="covernance run"),
    Step(run="covernance history add"),
    Step(run="git checkout -q -b change"),
)
"""What is done first in a situation with a measured base."""


def read_situation(path: Path) -> Situation:
    """Read a situation; an unknown key or a value of another type is an error that names it."""
    return msgspec.toml.decode(path.read_bytes(), type=Situation)


def run_situation(situation: Situation, root: Path) -> None:
    """Make the repository of a situation, and take its steps.

    Raises:
        AssertionError: Something else was seen than must be.
    """
    usual = {"pyproject.toml": TABLE, "pytest.ini": PYTEST_INI, ".coveragerc": ""}
    files = usual | situation.files
    project = root / situation.project
    Repository(project, {name: text for name, text in files.items() if text})
    for name in (name for name, text in files.items() if not text):
        (project / name).unlink(missing_ok=True)
    Repository.at(root).commit_first()
    if situation.measured_base:
        for step in MEASURE_BASE:
            _take(Repository.at(project), step, step.run)
    for number, step in enumerate(situation.steps, start=1):
        repository = Repository.at(project / step.folder)
        _take(repository, _fill(step, root), f"step {number}: {step.run or step.commit}")


def _fill(step: Step, top: Path) -> Step:
    """Replace the placeholders in a step's command."""

    def filled(text: str) -> str:
        return text.replace("{python}", sys.executable).replace("{top}", str(top))

    environ = {name: filled(value) for name, value in step.environ.items()}
    return msgspec.structs.replace(step, run=filled(step.run), environ=environ)


def _take(repository: Repository, step: Step, what: str) -> None:
    _edit(repository, step)
    if step.run:
        before = _read_bytes(repository.root, step.unchanged)
        ran = run_command(repository, step.run, step.environ)
        context = f"{what}\n{ran.text}"
        assert ran.code == step.exit, f"exit {ran.code} instead of {step.exit}: {context}"
        for text in step.says:
            assert text in ran.text, f"{text!r} is missing: {context}"
        for text in step.silent:
            assert text not in ran.text, f"{text!r} is there: {context}"
        after = _read_bytes(repository.root, step.unchanged)
        changed = [name for name in before | after if before.get(name) != after.get(name)]
        assert not changed, f"{changed} changed: {context}"
    for name, text in step.text.items():
        content = (repository.root / name).read_bytes().decode()
        assert text in content, f"{what}: {name}: {text!r} is missing: {content}"
    for name, expected in step.json.items():
        found = json.loads((repository.root / name).read_bytes())
        assert _pick(found, expected) == expected, f"{what}: {name}"
    if step.same_tests_as:
        assert _snapshot_outcomes(repository) == _junit_outcomes(repository, step.same_tests_as)
    if step.same_total_as:
        assert _snapshot_total(repository) == _coverage_total(repository, step.same_total_as)


def _read_bytes(root: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """Read some files, and those in some folders, by path."""
    paths = [path for name in names for path in (root / name, *(root / name).rglob("*"))]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}


def _edit(repository: Repository, step: Step) -> None:
    for name, text in step.files.items():
        path = repository.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for name, (old, new) in step.replace.items():
        path = repository.root / name
        content = path.read_bytes().decode()
        assert content.count(old) == 1, f"{name}: {old!r} is there {content.count(old)} times"
        path.write_bytes(content.replace(old, new).encode())
    for name in step.remove:
        (repository.root / name).unlink()
    if step.commit:
        repository.git("add", "--all")
        repository.git("commit", "--quiet", f"--message={step.commit}")


def run_command(repository: Repository, line: str, environ: Mapping[str, str]) -> Ran:
    """Run a command line in a repository."""
    program, *arguments = shlex.split(line)
    if program == "git":
        return repository.command("git", *IDENTITY, *arguments, environ=environ)
    module = (sys.executable, "-m", program) if program in PROGRAMS else (program,)
    return repository.command(*module, *arguments, environ=environ)


def _pick(found: object, expected: object) -> object:
    """Reduce what was found to the keys that are expected."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {key: _pick(found.get(key), value) for key, value in expected.items()}
    return found


def _snapshot(repository: Repository) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (repository.root / "coverage/calc.snapshot.json").read_bytes()
    )
    return document


def _snapshot_outcomes(repository: Repository) -> dict[str, str]:
    tests = _snapshot(repository)["tests"]
    return {
        name.replace("/", ".").replace(".py::", ".").replace("::", "."): test["outcome"]
        for name, test in tests.items()
    }


def _junit_outcomes(repository: Repository, line: str) -> dict[str, str]:
    report = repository.root.parent / "plain.xml"
    run_command(repository, f"{line} --junitxml={report} -o junit_family=xunit2", {})
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        result = next((child for child in case if child.tag in _RESULTS), None)
        outcome = "passed" if result is None else _RESULTS[result.tag]
        if result is not None and result.get("type") == "pytest.xfail":
            outcome = "xfailed"
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = outcome
    return outcomes


def _snapshot_total(repository: Repository) -> list[int]:
    total = _snapshot(repository)["total"]
    return [total[key] for key in ("statements", "executed", "branches", "taken")]


def _coverage_total(repository: Repository, line: str) -> list[int]:
    plain = {"COVERAGE_FILE": str(repository.root.parent / "plain.coverage")}
    report = repository.root.parent / "plain.json"
    for command in (line, f"coverage json -o {report}"):
        ran = run_command(repository, command, plain)
        assert ran.code == 0, ran.text
    totals = json.loads(report.read_bytes())["totals"]
    keys = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return [totals[key] for key in keys]
