"""nox's face: one session a suite, from the table."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import nox
from nox.virtualenv import PassthroughEnv

from covernance.config import Suite, Table

__all__ = ["HELPER", "define", "install_locked", "measure"]

HELPER = ("python", "-m", "covernance", "run")
"""How a session measures; a repository may put a script of its own in its place."""

# nox kills a child half a second after Ctrl-C. The run needs longer to stop its passes.
_INTERRUPT_SECONDS = 10.0
_TERMINATE_SECONDS = 10.0

# Where Python may keep no bytecode, every process would compile every package again. pip compiles
# what it installs; uv has to be told. Whoever told it is obeyed.
_COMPILE = "UV_COMPILE_BYTECODE"


def define(
    table: Table,
    prepare: Callable[[nox.Session, Suite], None],
    helper: Sequence[str] = HELPER,
) -> list[str]:
    """Register one session for each suite, tagged `unit` and with the suite's name.

    Args:
        table: The table.
        prepare: Puts what the suite needs into the session's environment.
        helper: The command that measures; it is given `--suite`, and `--` with what follows `--`
            on nox's own command line.

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
    """Run suites in the session's environment.

    Args:
        session: The session.
        suites: What to run.
        helper: The command that measures.
        pytest_arguments: What goes to pytest.
    """
    named = [argument for suite in suites for argument in ("--suite", suite.name)]
    session.run(
        *helper,
        *named,
        *(["--", *pytest_arguments] if pytest_arguments else []),
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
    digest = hashlib.sha256(repr(project).encode())
    for path in (requirements, "pyproject.toml"):
        digest.update(Path(path).read_bytes())
    stamp = Path(session.virtualenv.location, ".covernance-installed")
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest.hexdigest():
        return
    compiling = os.environ.get(_COMPILE, str(int(sys.dont_write_bytecode)))
    session.install("--require-hashes", "-r", requirements, env={_COMPILE: compiling})
    if project:
        session.install("--no-deps", "--no-build-isolation", *project)
    stamp.write_text(digest.hexdigest(), encoding="ascii")
