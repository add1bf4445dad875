# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "click==8.5.1",
#   "filelock==4.2.11",
#   "jinja2==3.1.6",
#   "markdown-it-py==4.3.0",
#   "msgspec==0.22.0",
#   "nox==2026.10.20",
#   "prometheus-client==0.26.0",
#   "rich==15.0.0",
#   "unidiff==1.0.1",
#   "uv==0.13.9",
# ]
# ///
"""Sessions: one per suite, from the table in pyproject.toml, and the project's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "src"))

from covernance import sessions  # noqa: E402 - the tool under development, not an installed one
from covernance.config import Suite, load  # noqa: E402 - likewise
from covernance.errors import CovernanceError  # noqa: E402 - likewise

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

try:
    TABLE = load(ROOT)
except CovernanceError as error:
    sys.exit(f"covernance: {error}")
HELPER = ("scripts/coverage_baseline.sh",)
TOOL = ("-e", ".")
LOCKED = {
    f"requirements/{name}.txt": f"requirements/{name}.in"
    for name in ("nox", "mutants", *(suite.name for suite in TABLE.suites))
}


def _prepare(session: nox.Session, suite: Suite) -> None:
    # Only the tool's own tests import it; no other environment contains it.
    project = TOOL if suite.name == "covernance" else ()
    sessions.install_locked(session, suite.requirements or "requirements-dev.txt", *project)


def _prepare_all(session: nox.Session) -> None:
    sessions.install_locked(session, "requirements-dev.txt", *TOOL)


nox.options.sessions = sessions.define(TABLE, _prepare, HELPER)


@nox.session(venv_backend="none")
def coverage(session: nox.Session) -> None:
    """Run every suite, then write coverage/baseline.json and coverage/html/index.html."""
    sessions.measure_all(session, TABLE.suites, HELPER, session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the linters, every suite with its gate, integration and end-to-end tests."""
    _prepare_all(session)
    session.run("scripts/install_test_packages.sh", external=True)
    _lint(session)
    sessions.measure_all(session, TABLE.suites, HELPER)
    _integration(session)


@nox.session
def integration(session: nox.Session) -> None:
    """Run helper, integration and end-to-end tests, without measuring coverage."""
    _prepare_all(session)
    session.run("scripts/install_test_packages.sh", external=True)
    _integration(session)


def _integration(session: nox.Session) -> None:
    session.run(
        # xdist hangs if it replaces a process that crashed; a test that hangs ends here
        *("pytest", "-n", "2", "--dist", "loadfile", "--max-worker-restart", "0"),
        *("-o", "faulthandler_timeout=600", "-o", "faulthandler_exit_on_timeout=true"),
        *("tests/unit/utils", "tests/integration", "tests/e2e"),
        *session.posargs,
    )


@nox.session(venv_backend="none")
def tests_affected(session: nox.Session) -> None:
    """Run the tests that cover what changed; floors are not checked."""
    command = (sys.executable, "scripts/tool.py", "affected-tests", "--format=json")
    listed = session.run(*command, external=True, silent=True, stderr=None)
    for name, chosen in json.loads(str(listed)).items():
        sessions.measure_all(session, (TABLE.suite(name),), HELPER, [*chosen, *session.posargs])
    session.log("only a selection ran, so floors were not checked; `nox` runs every test")


@nox.session
def lint(session: nox.Session) -> None:
    """Check code, layers, shell scripts, workflows, and links and commands in documents."""
    _prepare_all(session)
    _lint(session)


def _lint(session: nox.Session) -> None:
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")
    session.run("shellcheck", "--external-sources", *_files(session, "*.sh", ".ci/run"))
    documents = _files(session, "*.md")
    session.run("lychee", "--offline", "--include-fragments", "--no-progress", *documents)
    session.run("python", "scripts/lint_docs.py")
    _lint_github(session)


def _lint_github(session: nox.Session) -> None:
    audit = ("--offline", "--persona=auditor", "--strict-collection", "--no-progress")
    session.run("zizmor", *audit, ".github")
    session.run("jactionlint", "--no-online", "--strict-exit")
    for schema, pattern in {
        "github-workflows": ".github/workflows/*",
        "dependabot": ".github/dependabot.yml",
        "codecov": "codecov.yml",
    }.items():  # a schema without a file is an error of check-jsonschema's
        files = _files(session, pattern)
        session.run("check-jsonschema", f"--builtin-schema=vendor.{schema}", *files)
    session.run("covernance", "codecov", "--check")


def _files(session: nox.Session, *patterns: str) -> list[str]:
    """List the files that are, or could be, committed and match a git pattern."""
    listed = session.run(
        *("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns),
        silent=True,
        external=True,
        log=False,
    )
    return str(listed).splitlines()


@nox.session
def compat(session: nox.Session) -> None:
    """Test the agent in every Python here, with the oldest and newest pytest and coverage.

    In each environment: the agent's own tests, and runs of a suite, compared with coverage.py. In a
    bare one (pytest and coverage only): the integration tests of runs. CI runs it weekly.
    """
    _prepare_all(session)
    session.run("pytest", "-rs", "tests/compat", *session.posargs)


@nox.session
def situations(session: nox.Session) -> None:
    """What users meet, from public reports and attacks; `-- form-feed gate` selects by name.

    Without names, addopts is searched too, with many more examples than in each run of the tests.
    """
    _prepare_all(session)
    chosen = ["-k", " or ".join(session.posargs)] if session.posargs else []
    session.run("pytest", "-n", "auto", "tests/situations", *chosen)
    if not chosen:
        session.run("pytest", "--hypothesis-profile=thorough", "tests/integration/test_addopts.py")


@nox.session
def mutants(session: nox.Session) -> None:
    """Test pure modules with mutants; `-- gate/floors patch` selects modules or packages."""
    sessions.install_locked(session, "requirements/mutants.txt", *TOOL)
    session.run("python", "scripts/mutants.py", *session.posargs)


@nox.session
def properties(session: nox.Session) -> None:
    """Run the property tests with 500 examples each instead of 20."""
    _prepare_all(session)
    selection = ("--hypothesis-profile=thorough", "-m", "hypothesis", "tests/unit")
    session.run("pytest", *selection, *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the tool costs compared with bare pytest; write coverage/bench.json."""
    _prepare_all(session)
    session.run("python", "-m", "bench", *session.posargs)


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Compile the .in files to frozen, hashed requirements; `-- --upgrade` takes new versions."""
    everything = "requirements-dev.txt"
    compiled = {everything: "requirements-dev.in", **LOCKED}
    for target, source in compiled.items():
        constraint = [] if target == everything else ["--constraint", everything]
        session.run(
            *(
                sys.executable,
                "-m",
                "uv",
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--python-version",
                "3.11",
            ),
            *("--generate-hashes", "--no-annotate", "--custom-compile-command", "nox -s lock"),
            *constraint,
            *session.posargs,
            *("--output-file", target, source),
            external=True,
        )
