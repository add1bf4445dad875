"""The face for nox: one session per suite, from the table.

A session's environment holds what its suite's tests need, pytest and coverage, and nothing of this
package: the tool runs in the environment that nox runs in.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nox
from nox.virtualenv import PassthroughEnv

from covernance.config import Suite, Table

__all__ = ["HELPER", "define", "install_locked", "measure", "measure_all"]

HELPER = (sys.executable, "-P", "-m", "covernance", "run")
"""The command that measures; a repository may use a script of its own instead."""

PYTHON_VARIABLE = "COVERNANCE_PYTHON"
"""Tells such a script which Python has the tool."""

# nox kills a child half a second after Ctrl-C. The run needs longer to stop its passes.
_INTERRUPT_SECONDS = 10.0
_TERMINATE_SECONDS = 10.0

# Where Python may keep no bytecode, every process would compile every package again. pip compiles
# what it installs; uv has to be told. Whoever told it is obeyed.
_COMPILE = "UV_COMPILE_BYTECODE"

_STAMP = ".covernance-installed"
_PYTHON = Path("bin", "python")


def define(
    table: Table,
    prepare: Callable[[nox.Session, Suite], None],
    helper: Sequence[str] = HELPER,
) -> list[str]:
    """Register one session per suite, tagged `unit` and with the suite's name.

    Args:
        table: The table.
        prepare: Puts what the suite needs into the session's environment.
        helper: The command that measures; it is given `--suite`, `--python`, and `--` with what
            follows `--` on nox's own command line.

    Returns:
        The names of the sessions, in the order of the table.
    """
    return [_define(suite, prepare, helper) for suite in table.suites]


def _define(
    suite: Suite, prepare: Callable[[nox.Session, Suite], None], helper: Sequence[str]
) -> str:
    def run_suite(session: nox.Session) -> None:
        prepare(session, suite)
        measure(session, (suite,), helper, session.posargs)

    run_suite.__doc__ = f"The {suite.name} suite: every theme measured, floor {suite.fail_under} %."
    nox.session(name=suite.session, tags=["unit", suite.name])(run_suite)
    return suite.session


def measure(
    session: nox.Session,
    suites: Sequence[Suite],
    helper: Sequence[str] = HELPER,
    pytest_arguments: Sequence[str] = (),
) -> None:
    """Run suites in the session's own environment.

    With `nox --no-venv` it is the caller's: the active environment, or `.venv`.

    Args:
        session: The session.
        suites: What to run.
        helper: The command that measures.
        pytest_arguments: What goes to pytest.
    """
    pythons: dict[str, Path] = {}
    if not isinstance(session.virtualenv, PassthroughEnv):
        python = Path(session.virtualenv.location).absolute() / _PYTHON
        pythons = {suite.name: python for suite in suites}
    _run(session, suites, pythons, helper, pytest_arguments)


def measure_all(
    session: nox.Session,
    suites: Sequence[Suite],
    helper: Sequence[str] = HELPER,
    pytest_arguments: Sequence[str] = (),
) -> None:
    """Run suites, each in the environment of its own session, which is made where it is missing.

    So a suite has one environment, whoever runs it, and a result of one session can be reused in
    another.

    Args:
        session: The session, which needs no environment itself.
        suites: What to run.
        helper: The command that measures.
        pytest_arguments: What goes to pytest.
    """
    environments = Path(session.cache_dir).absolute().parent
    folders = {suite.name: environments / suite.session for suite in suites}
    stale = [suite.session for suite in suites if not _is_current(folders[suite.name])]
    if stale:
        command = (sys.executable, "-m", "nox", "--install-only", "--session", *stale)
        session.run(*command, external=True)
    pythons = {name: folder / _PYTHON for name, folder in folders.items()}
    _run(session, suites, pythons, helper, pytest_arguments)


def _run(
    session: nox.Session,
    suites: Sequence[Suite],
    pythons: Mapping[str, Path],
    helper: Sequence[str],
    pytest_arguments: Sequence[str],
) -> None:
    chosen = [argument for suite in suites for argument in ("--suite", suite.name)]
    for name, python in pythons.items():
        chosen += ["--python", f"{name}={python}"]
    session.run(
        *helper,
        *chosen,
        *(["--", *pytest_arguments] if pytest_arguments else []),
        env={PYTHON_VARIABLE: sys.executable},
        external=True,
        interrupt_timeout=_INTERRUPT_SECONDS,
        terminate_timeout=_TERMINATE_SECONDS,
    )


def install_locked(session: nox.Session, requirements: str, *project: str) -> None:
    """Install a hashed requirements file and then `project`, unless that is what is there.

    With `nox --no-venv` nothing is installed: the environment is the caller's.

    Args:
        session: The session.
        requirements: A file in which every requirement has a hash.
        project: Arguments that install the repository's own package, without dependencies.
    """
    if isinstance(session.virtualenv, PassthroughEnv):
        return
    folder = Path(session.virtualenv.location)
    if _is_current(folder) and _installed(folder) == (requirements, project):
        return
    stamp = folder / _STAMP
    stamp.unlink(missing_ok=True)
    compiling = os.environ.get(_COMPILE, str(int(sys.dont_write_bytecode)))
    session.install("--require-hashes", "-r", requirements, env={_COMPILE: compiling})
    if project:
        session.install("--no-deps", "--no-build-isolation", *project)
    content = [requirements, project, _digest(requirements, project)]
    stamp.write_text(json.dumps(content), encoding="utf-8")


def _is_current(folder: Path) -> bool:
    """Whether an environment has what the files that it was installed from say today."""
    if not (folder / _PYTHON).exists() or (stamp := _read_stamp(folder)) is None:
        return False
    requirements, project, digest = stamp
    return Path(requirements).is_file() and digest == _digest(requirements, project)


def _installed(folder: Path) -> tuple[str, tuple[str, ...]] | None:
    stamp = _read_stamp(folder)
    return stamp and stamp[:2]


def _read_stamp(folder: Path) -> tuple[str, tuple[str, ...], str] | None:
    try:
        content = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
        requirements, project, digest = content
    except (OSError, ValueError):
        return None
    return str(requirements), tuple(project), str(digest)


def _digest(requirements: str, project: Sequence[str]) -> str:
    digest = hashlib.sha256(repr(tuple(project)).encode())
    for path in (requirements, "pyproject.toml") if project else (requirements,):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()
