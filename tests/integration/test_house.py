"""The house keeps in step with the table: sessions, Make, markers, documents, ignored files."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from covernance.config import Suite, load
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
TABLE = load(ROOT)
COMMANDS = ROOT / "tests/docs/12-test-commands.md"
SUITES = pytest.mark.parametrize("suite", TABLE.suites, ids=lambda suite: suite.name)


def output(*command: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sessions() -> dict[str, dict[str, object]]:
    listed = output(sys.executable, "-m", "nox", "--list", "--json", "--sessions", *_names())
    return {session["name"]: session for session in json.loads(listed)}


def _names() -> list[str]:
    listed = output(sys.executable, "-m", "nox", "--list")
    return re.findall(r"^[*-] (\S+)", listed, re.MULTILINE)


@SUITES
def test_every_suite_is_a_session_with_its_tags_and_a_description(
    suite: Suite, sessions: dict[str, dict[str, object]]
) -> None:
    session = sessions[suite.session]
    assert session["tags"] == ["unit", suite.name]
    assert session["description"]


@pytest.mark.reliability
def test_a_mistake_in_the_table_is_one_line_of_nox_too(tmp_path: Path) -> None:
    output("git", "clone", "--quiet", str(ROOT), str(tmp_path / "clone"))
    table = tmp_path / "clone/pyproject.toml"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("fail-under = 92", "fail-under = 101"), encoding="utf-8")
    listed = subprocess.run(
        (sys.executable, "-m", "nox", "--list"),
        cwd=tmp_path / "clone",
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode != 0
    assert "covernance: pyproject.toml: [tool.covernance] suites.auth.fail-under" in listed.stderr
    assert "Traceback" not in listed.stderr + listed.stdout


def test_nox_alone_runs_the_unit_suites() -> None:
    listed = output(sys.executable, "-m", "nox", "--list")
    selected = set(re.findall(r"^\* (\S+)", listed, re.MULTILINE))
    assert selected == {suite.session for suite in TABLE.suites}


@SUITES
def test_every_suite_has_a_make_target_that_calls_its_session(suite: Suite) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target = rf"^test-{suite.name}-unit: .+\n\t@\$\(NOX\) -s {suite.session} "
    assert re.search(target, makefile, re.MULTILINE)


@SUITES
def test_every_suite_is_in_the_documented_commands_with_its_floor(suite: Suite) -> None:
    sources = ", ".join(f"`{folder}`" for folder in suite.source)
    row = (
        f"| {suite.name} | {sources} | {suite.fail_under} | "
        f"`make test-{suite.name}-unit` | `nox -s {suite.session}` |"
    )
    assert row in COMMANDS.read_text(encoding="utf-8")


def test_sonar_is_told_of_every_source() -> None:
    services = ROOT / "tests/docs/test_framework_upgrades/services.md"
    sources = ",".join(path for suite in TABLE.suites for path in suite.source)
    assert f"sonar.sources={sources}\n" in services.read_text(encoding="utf-8")


def test_every_make_target_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) - {"help"}
    documented = set(re.findall(r"`make ([a-z-]+)", COMMANDS.read_text(encoding="utf-8")))
    assert targets == documented


def test_every_session_is_documented(sessions: dict[str, dict[str, object]]) -> None:
    documented = re.findall(r"`nox -s ([a-z_]+)", COMMANDS.read_text(encoding="utf-8"))
    assert set(documented) == sessions.keys()


def test_every_command_of_the_layer_is_documented() -> None:
    listed = output(sys.executable, "-m", "covernance", "--help")
    commands = set(re.findall(r"^  ([a-z-]+)  ", listed.partition("Commands:")[2], re.MULTILINE))
    documented = re.findall(r"`(?:python -m )?covernance ([a-z-]+)", COMMANDS.read_text("utf-8"))
    assert set(documented) == commands


def test_the_themes_are_the_registered_markers() -> None:
    ini = configparser.ConfigParser()
    ini.read(ROOT / "pytest.ini")
    markers = {line.partition(":")[0] for line in ini["pytest"]["markers"].split("\n") if line}
    assert markers == {*TABLE.themes, "unit"}


def test_pytest_ini_has_one_addopts_and_no_coverage_paths() -> None:
    ini = configparser.ConfigParser()
    ini.read(ROOT / "pytest.ini")
    options = ini["pytest"]["addopts"].split()
    assert "--cov-config=.coveragerc" in options
    assert "--import-mode=importlib" in options
    assert not any(option.startswith("--cov=") for option in options)


def test_coverage_shows_the_configuration_and_no_floor_in_it() -> None:
    shown = output(sys.executable, "-m", "coverage", "debug", "config")
    for line in (r"branch: True", r"relative_files: True", r"patch: subprocess", r"precision: 2"):
        assert re.search(line, shown), line
    assert re.search(r"fail_under: 0", shown)
    sources = configparser.ConfigParser()
    sources.read(ROOT / ".coveragerc")
    assert sources["run"]["source"].split() == ["apps/api", "apps/auth_service", "logging_lib"]


def named(path: str) -> list[str]:
    """The requirements that a .in file names itself."""
    lines = (ROOT / "requirements" / path).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.match(r"[a-z]", line)]


def test_the_noxfile_pins_what_the_lock_pins() -> None:
    # https://packaging.python.org/en/latest/specifications/inline-script-metadata/
    script = re.search(r"(?m)^# /// script\n((?:#.*\n)+)# ///$", (ROOT / "noxfile.py").read_text())
    assert script
    header = tomllib.loads("".join(line[2:] + "\n" for line in script[1].splitlines()))
    locked = (ROOT / "requirements/nox.txt").read_text(encoding="utf-8").splitlines()
    assert {pin.partition("==")[0] for pin in header["dependencies"]} == {
        name for path in ("nox.in", "tool.in") for name in named(path)
    }
    for pin in header["dependencies"]:
        assert f"{pin} \\" in locked


@pytest.mark.security
def test_every_locked_requirement_has_a_hash() -> None:
    locks = [*ROOT.glob("requirements/*.txt"), ROOT / "requirements-dev.txt"]
    assert len(locks) == len(TABLE.suites) + 3
    for lock in locks:
        lines = lock.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if re.match(r"[a-z0-9]", line):
                assert lines[number + 1].strip().startswith("--hash=sha256:"), (lock, line)


@pytest.mark.security
def test_a_suite_installs_its_own_requirements_only() -> None:
    api = (ROOT / "requirements/api.txt").read_text(encoding="utf-8")
    logging = (ROOT / "requirements/logging.txt").read_text(encoding="utf-8")
    assert "argon2" not in api
    assert "authlib" not in api
    assert "flask==" not in logging


def test_every_version_is_the_same_in_every_lock() -> None:
    pin = re.compile(r"^([\w.-]+)(?:\[\w+\])?==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
    versions: dict[tuple[str, str], set[str]] = {}
    for lock in (ROOT / "requirements-dev.txt", *ROOT.glob("requirements/*.txt")):
        for name, version, marker in pin.findall(lock.read_text(encoding="utf-8")):
            versions.setdefault((name, marker), set()).add(version)
    assert ("pytest", "") in versions
    assert not {name: found for name, found in versions.items() if len(found) > 1}


@pytest.mark.reliability
@pytest.mark.parametrize(
    "generated",
    [
        "coverage/html/index.html",
        "coverage/api.json",
        "coverage/api.snapshot.json",
        "coverage/api.xml",
        "coverage/data/api/.coverage",
        "coverage/partial/api.json",
        "coverage/bench.md",
        "htmlcov/index.html",
        ".nox/x",
        ".venv/x",
        ".hub/key.pem",
        ".coverage",
        ".coverage.host.1.x",
        "apps/api/__pycache__/x.pyc",
    ],
)
def test_what_is_generated_is_ignored(generated: str) -> None:
    output("git", "check-ignore", "--no-index", generated)


def test_what_is_written_by_hand_is_not_ignored() -> None:
    for path in (".coveragerc", "coverage/README.md", "coverage/.gitkeep"):
        done = subprocess.run(
            ("git", "check-ignore", "--no-index", "--quiet", path),
            cwd=ROOT,
            env=clean_environment(),
            check=False,
        )
        assert done.returncode == 1, path


def test_every_conftest_says_what_it_is_responsible_for() -> None:
    listed = output("git", "ls-files", "--", "tests/**/conftest.py", "tests/conftest.py")
    assert listed
    for conftest in map(ROOT.joinpath, listed.splitlines()):
        docstring = ast.get_docstring(ast.parse(conftest.read_text(encoding="utf-8")))
        assert docstring, conftest
        assert docstring.startswith("Responsible for "), conftest
        assert "\n\n" not in docstring, conftest


def test_the_agents_tests_import_nothing_of_the_tool() -> None:
    paths = [*(ROOT / "tests/unit/covernance_agent").rglob("*.py")]
    assert paths
    importing = re.compile(
        r"^\s*(from|import) (covernance|msgspec|tests\.utils\.agents)\b", re.MULTILINE
    )
    assert [str(path) for path in paths if importing.search(path.read_text("utf-8"))] == []


def test_no_init_file_shadows_coverage_py() -> None:
    assert not (ROOT / "coverage/__init__.py").exists()
    assert not (ROOT / "scripts/coverage/__init__.py").exists()


def test_the_package_ships_what_its_table_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=]", dependency)[0] for dependency in project["dependencies"]}
    base = (ROOT / "requirements/tool.in").read_text(encoding="utf-8").split()
    assert needed <= set(base)
