from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nox.registry
import pytest
from nox.virtualenv import PassthroughEnv

from covernance import sessions
from covernance.config import load
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


class FakeSession:
    """Keeps what a session was asked to do."""

    def __init__(self, location: Path, *posargs: str) -> None:
        self.posargs = list(posargs)
        self.virtualenv: object = SimpleNamespace(location=str(location))
        self.cache_dir = location / ".cache"
        self.ran: list[tuple[str, ...]] = []
        self.installed: list[tuple[str, ...]] = []
        self.options: dict[str, Any] = {}

    def run(self, *command: str, **options: object) -> None:
        self.ran.append(command)
        self.options = options

    def install(self, *arguments: str, **options: object) -> None:
        self.installed.append(arguments)
        self.options |= options
        make_python(Path(self.virtualenv.location))  # type: ignore[attr-defined]


def make_python(environment: Path) -> Path:
    python = environment / "bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    return python


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nox.registry, "_REGISTRY", type(nox.registry._REGISTRY)())


def test_every_suite_of_the_table_is_a_session(repository: Repository) -> None:
    prepared = []
    names = sessions.define(
        load(repository.root), lambda _session, suite: prepared.append(suite.name), ("helper",)
    )
    assert names == ["tests_unit_calc"]
    defined = nox.registry.get()["tests_unit_calc"]
    assert defined.tags == ["unit", "calc"]
    assert defined.__doc__ == "The calc suite: every theme measured, floor 90 %."
    session: Any = FakeSession(repository.root, "-k", "x")
    defined(session)
    assert prepared == ["calc"]
    python = f"calc={repository.root}/bin/python"
    assert session.ran == [("helper", "--suite", "calc", "--python", python, "--", "-k", "x")]


def test_without_arguments_nothing_is_passed_on(repository: Repository) -> None:
    session: Any = FakeSession(repository.root)
    sessions.measure(session, load(repository.root).suites)
    python = f"calc={repository.root}/bin/python"
    command = (*sessions.HELPER, "--suite", "calc", "--python", python)
    assert session.ran == [command]
    assert session.options["env"] == {"COVERNANCE_PYTHON": sys.executable}


def test_with_no_venv_the_caller_s_environment_runs_the_tests(repository: Repository) -> None:
    session: Any = FakeSession(repository.root)
    session.virtualenv = PassthroughEnv()
    sessions.measure(session, load(repository.root).suites, ("helper",))
    assert session.ran == [("helper", "--suite", "calc")]


def test_every_suite_runs_in_the_environment_of_its_own_session(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("requirements.txt", "a==1\n")
    suites = load(repository.root).suites
    session: Any = FakeSession(tmp_path)
    sessions.measure_all(session, suites, ("helper",))
    install, run = session.ran
    assert install == (
        sys.executable,
        "-m",
        "nox",
        "--install-only",
        "--session",
        "tests_unit_calc",
    )
    python = tmp_path / "tests_unit_calc/bin/python"
    assert run == ("helper", "--suite", "calc", "--python", f"calc={python}")
    made: Any = FakeSession(tmp_path / "tests_unit_calc")
    sessions.install_locked(made, "requirements.txt")
    session.ran.clear()
    sessions.measure_all(session, suites, ("helper",))
    assert session.ran == [run]
    repository.write("requirements.txt", "a==2\n")
    session.ran.clear()
    sessions.measure_all(session, suites, ("helper",))
    assert session.ran == [install, run]


@pytest.mark.reliability
def test_a_run_has_time_to_stop_its_passes_before_nox_kills_it(repository: Repository) -> None:
    session: Any = FakeSession(repository.root)
    sessions.measure(session, load(repository.root).suites)
    assert session.options["interrupt_timeout"] >= 5
    assert session.options["terminate_timeout"] >= 5


@pytest.mark.security
def test_what_is_installed_is_hashed_and_installed_once(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("requirements.txt", "click==8.5.1 --hash=sha256:0\n")
    session: Any = FakeSession(tmp_path)
    for _ in range(2):
        sessions.install_locked(session, "requirements.txt", "-e", ".")
    assert session.installed == [
        ("--require-hashes", "-r", "requirements.txt"),
        ("--no-deps", "--no-build-isolation", "-e", "."),
    ]


@pytest.mark.reliability
@pytest.mark.parametrize("told", [None, "0"])
def test_packages_are_compiled_once_where_python_keeps_no_bytecode_unless_uv_was_told(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    repository.write("requirements.txt", "a==1\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("UV_COMPILE_BYTECODE", raising=False)
    if told:
        monkeypatch.setenv("UV_COMPILE_BYTECODE", told)
    session: Any = FakeSession(tmp_path)
    sessions.install_locked(session, "requirements.txt")
    assert session.options["env"] == {"UV_COMPILE_BYTECODE": told or "1"}


@pytest.mark.reliability
def test_new_requirements_are_installed(repository: Repository, tmp_path: Path) -> None:
    session: Any = FakeSession(tmp_path)
    for text in ("a==1\n", "a==2\n"):
        repository.write("requirements.txt", text)
        sessions.install_locked(session, "requirements.txt")
    assert session.installed == [("--require-hashes", "-r", "requirements.txt")] * 2
