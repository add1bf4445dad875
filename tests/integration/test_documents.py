"""Statements of the documents: shell blocks run as printed, or are listed with a reason."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from tests.utils.repository import CALC, PYTEST, TESTS, Repository

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
GUIDES = "tests/docs/test_framework_upgrades"
COMMANDS = "tests/docs/12-test-commands.md"

SHELLS = {"bash", "console", "sh", "shell"}
XML, JSON = "--cov-report=xml:coverage/api.xml", "--cov-report=json:coverage/api.json"
COV = "--cov=apps/api --cov-branch --cov-report=term-missing --cov-fail-under=90"
MINUTES = "it runs this repository's suites, which takes minutes; "

ADOPTED = "tests/integration/test_adopt.py runs it in a plain repository"

LISTED = {
    ("CONTRIBUTING.md", "make dev"): MINUTES + "CI makes the same environment",
    ("CONTRIBUTING.md", "pytest -q tests/unit/covernance/gate"): MINUTES + "nox -s lint in CI",
    ("README.md", "make coverage"): MINUTES + "tests/e2e/test_fresh_clone.py runs it",
    ("apps/api/README.md", "python -m apps.hub"): "servers; tests/e2e/test_hub.py starts them",
    ("apps/auth_service/README.md", "cat > auth.toml <<'END'"): "likewise",
    (
        "coverage/README.md",
        ".nox/tests_unit_api/bin/coverage report --data-file=coverage/data/api/.coverage",
    ): "the environment of a nox session; tests/integration/test_reports.py compares the totals",
    ("docs/performance.md", "nox -s bench"): "minutes; tests/integration/test_bench.py runs it",
    ("docs/portfolio/coverage_memo_R5.md", "covernance history add"): MINUTES + "a demo by hand",
    ("docs/scale.md", "make dev coverage && .venv/bin/python -m bench.simulate"): MINUTES
    + "tests/integration/test_bench.py runs the simulation",
    (
        COMMANDS,
        f"nox -s tests_unit_api -- {XML} {JSON}",
    ): MINUTES + "tests/integration/test_reports.py asks for every format",
    (COMMANDS, "COVERAGE_FAIL_UNDER=100 make test-auth-unit"): MINUTES
    + "tests/integration/test_run.py sets the floors",
    (COMMANDS, "pytest tests/unit --maxfail=1"): MINUTES + "nox -s integration in CI",
    (f"{GUIDES}/adopt.md", 'pip install "covernance[nox] @ file:///path/to/covernance"'): (
        "the environment of the tests has it; tests/integration/test_adopt.py runs the rest"
    ),
    (
        f"{GUIDES}/adopt.md",
        'git add --all && git commit --quiet --message "Measure coverage per theme"',
    ): ADOPTED,
    (
        f"{GUIDES}/adopt.md",
        'git add --all && git commit --quiet --message "The next change"',
    ): ADOPTED,
    (f"{GUIDES}/alerts.md", "COVERAGE_ALERT_URLS='slack://… mailtos://…' covernance notify"): (
        "it sends messages; tests/integration/test_notify.py receives them"
    ),
    (
        f"{GUIDES}/ci-secrets.md",
        'pytest -k "coverage_comment or coverage_digest" tests/integration tests/e2e',
    ): "tests, which CI runs",
    (
        f"{GUIDES}/orchestration.md",
        f'export PYTEST_ADDOPTS="{COV}"',
    ): MINUTES + "pytest-cov without the tool",
    (f"{GUIDES}/orchestration.md", "COVERAGE_CONTEXTS=test make test-api-unit"): MINUTES
    + "tests/integration/test_affected_tests.py runs the commands",
    (f"{GUIDES}/orchestration.md", 'eval "$(_COVERNANCE_COMPLETE=bash_source covernance)"'): (
        "it changes an interactive shell"
    ),
    (f"{GUIDES}/reuse.md", "make coverage"): MINUTES
    + "tests/integration/test_reuse_catalogue.py runs what is reused",
    ("tests/situations/README.md", "nox -s situations"): "minutes; CI runs it",
}
"""Blocks that are not run here, by document and first command, with the reason."""

RUN = {
    (f"{GUIDES}/ci-secrets.md", "export COVERAGE_HISTORY_STORE=git"): (0, 0, 0, 0, 0),
    (
        f"{GUIDES}/coverage_exceptions.md",
        "python scripts/coverage/update_exceptions.py --dry-run",
    ): (0, 0, 0, 0),
    (f"{GUIDES}/history.md", "git fetch origin coverage-history:coverage-history"): (0, 0),
    (f"{GUIDES}/orchestration.md", "covernance plan --format github"): (0, 0, 2),
    (f"{GUIDES}/services.md", "covernance codecov"): (0, 0),
}
"""Blocks that run in a repository with three small suites, and the exit code of each command."""


VARIABLE = r"[\"$`{](COVER(?:AGE|NANCE)_[A-Z_]+[A-Z])"
"""The name of a variable in code, in a help text or in a shell script."""

PRIVATE = {
    *("COVERAGE_PROCESS", "COVERAGE_PROCESS_CONFIG"),
    *("COVERNANCE_DATA_FILE", "COVERNANCE_TRACE"),
}
"""Variables that processes of a run pass to each other."""


class Block(NamedTuple):
    """A block of shell commands in a document."""

    document: str
    commands: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.document, self.commands[0]


def blocks() -> Iterator[Block]:
    listed = ["git", "ls-files", "-z", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        for token in MarkdownIt("commonmark").parse((ROOT / name).read_text(encoding="utf-8")):
            if token.type == "fence" and token.info.partition(" ")[0] in SHELLS:
                lines = (line.removeprefix("$ ") for line in token.content.splitlines())
                commands = (re.sub(r"\s+#.*", "", line) for line in lines)
                yield Block(name, tuple(command for command in commands if command))


BLOCKS = {block.key: block for block in blocks()}


def test_every_block_runs_or_is_listed_with_a_reason() -> None:
    assert BLOCKS.keys() == LISTED.keys() | RUN.keys()
    assert not LISTED.keys() & RUN.keys()


@pytest.mark.architecture
def test_reasons_name_tests_that_exist() -> None:
    named = {name for reason in LISTED.values() for name in re.findall(r"tests/\S+\.py", reason)}
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with three suites of this repository's names, after a run of all."""
    suites = {"api": "apps/api", "auth": "apps/auth_service", "logging": "logging_lib"}
    table = '[tool.covernance]\nthemes = ["architecture", "reliability", "security"]\n'
    files = {"calc/__init__.py": "", "tests/test_calc.py": ""}
    for suite, source in suites.items():
        table += f'[tool.covernance.suites.{suite}]\nsource = ["{source}"]\n'
        table += f'tests = ["tests/unit/{suite}"]\n'
        module = source.replace("/", ".")
        table += "shards = 3\n" if suite == "logging" else ""  # as the document has it
        files[f"{source}/__init__.py"] = CALC
        files[f"tests/unit/{suite}/test_{suite}.py"] = TESTS.replace("calc", module)
    root = tmp_path_factory.mktemp("documents") / "repository"
    repository = Repository(root, files | {"pyproject.toml": table + PYTEST})
    shutil.copytree(ROOT / "scripts", root / "scripts")
    repository.commit_first()
    origin = str(root.parent / "origin.git")
    repository.git("clone", "--quiet", "--bare", ".", origin)
    repository.git("remote", "add", "origin", origin)
    for arguments in (("run",), ("history", "add", "--store", "git")):
        ran = repository.covernance(*arguments)
        assert ran.code == 0, ran.text
    return root


@pytest.mark.parametrize("key", RUN, ids=lambda key: f"{Path(key[0]).stem}: {key[1]}")
def test_a_block_runs_as_printed(key: tuple[str, str], measured: Path, tmp_path: Path) -> None:
    if "plan" in key[1]:
        pytest.importorskip("pytest_split")
    shutil.copytree(measured, tmp_path / "repository", symlinks=True)
    repository = Repository.at(tmp_path / "repository")
    commands = BLOCKS[key].commands
    script = "".join(f'{command}\necho "exit $?" >&2\n' for command in commands)
    tools = str(Path(sys.executable).parent)
    ran = repository.command(*("bash", "-c", f'PATH="{tools}:$PATH"\n{script}'))
    codes = tuple(int(code) for code in re.findall(r"^exit (\d+)$", ran.err, re.MULTILINE))
    assert codes == RUN[key], ran.text
    assert "Traceback" not in ran.text


def test_the_list_of_variables_has_each_that_the_tool_reads() -> None:
    read = {
        name
        for folder in ("src/covernance", "scripts")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sh"}
        for name in re.findall(VARIABLE, path.read_text("utf-8"))
    }
    section = (ROOT / COMMANDS).read_text("utf-8").partition("## Environment variables")[2]
    listed = set(re.findall(r"`(COVER[A-Z_]+[A-Z])(?:_<SUITE>)?`", section.partition("\n## ")[0]))
    assert read - listed == PRIVATE
    assert listed - read == set()
