"""Every way to make a stale reuse that we could think of, and that none of them succeeds."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

import covernance
from covernance.config import load
from covernance.gate.floors import AppliedFloor, Exceptions
from covernance.judgement import Judgement
from covernance.model.snapshot import read
from covernance.reuse import conditions
from covernance.reuse.workflow import Reuse
from tests.integration.reuse_sample import Sample
from tests.utils.agents import LocalAgent

pytestmark = pytest.mark.reliability


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The sample after one green run."""
    sample = Sample(tmp_path_factory.mktemp("reuse"))
    assert sample.ran.code == 0, sample.ran.text
    return sample


@pytest.fixture
def sample(measured: Sample, monkeypatch: pytest.MonkeyPatch) -> Sample:
    """The same, put back to that state."""
    measured.restore()
    monkeypatch.syspath_prepend(measured.packages)
    return measured


def edit(name: str) -> Callable[[Sample], None]:
    return lambda sample: sample.append(name)


def add(name: str, text: str = "# new\n") -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        sample.repository.write(name, text)

    return change


def remove(name: str) -> Callable[[Sample], None]:
    return lambda sample: (sample.root / name).unlink()


def rename(name: str, to: str) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        (sample.root / name).rename(sample.root / to)

    return change


def chmod(name: str) -> Callable[[Sample], None]:
    return lambda sample: (sample.root / name).chmod(0o755)


def replace(name: str, before: str, after: str) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        text = (sample.root / name).read_text(encoding="utf-8")
        assert before in text
        sample.repository.write(name, text.replace(before, after))

    return change


def relink(name: str, to: str) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        (sample.root / name).unlink()
        (sample.root / name).symlink_to(to)

    return change


def become_a_link(sample: Sample) -> None:
    rename("data/table.csv", "data/moved.csv")(sample)
    (sample.root / "data/table.csv").symlink_to("moved.csv")


def insert_row(name: str) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        base = sqlite3.connect(sample.root / name)
        base.execute("insert into numbers values (2)")
        base.commit()
        base.close()

    return change


def become_a_folder(sample: Sample) -> None:
    path = sample.root / "data/table.csv"
    path.unlink()
    path.mkdir()


def become_a_package(sample: Sample) -> None:
    sample.repository.write("right/helpers/__init__.py", "SIDE = 'right'\n")


def check_out(sample: Sample) -> None:
    sample.repository.git("checkout", "--quiet", "-b", "other")
    sample.append("data/table.csv")
    sample.repository.git("commit", "--quiet", "--all", "--message=other")
    sample.repository.git("checkout", "--quiet", "main")
    sample.repository.git("checkout", "--quiet", "other")


def tamper(sample: Sample) -> None:
    path = sample.root / "coverage/calc.snapshot.json"
    path.write_bytes(path.read_bytes().replace(b'"executed": 2', b'"executed": 3'))


def drop_a_page(sample: Sample) -> None:
    next((sample.root / "coverage/html/calc").glob("*_py.html")).unlink()


def edit_outside(sample: Sample) -> None:
    sample.outside.write_text("changed\n", encoding="utf-8")


def edit_installed(sample: Sample) -> None:
    (sample.packages / "extra.py").write_text("VERSION = 2\n", encoding="utf-8")


def install_more(sample: Sample) -> None:
    (sample.packages / "more-1.0.dist-info").mkdir()


def redirect(sample: Sample) -> None:
    """As an editable distribution does."""
    (sample.packages / "editable.pth").write_text("/elsewhere\n", encoding="utf-8")


def damage(sample: Sample) -> None:
    (sample.root / "coverage/data/calc/evidence.json").write_text("{", encoding="utf-8")


def age_the_schema(sample: Sample) -> None:
    path = sample.root / "coverage/data/calc/evidence.json"
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document | {"schema": 0}), encoding="utf-8")


CHANGES: dict[str, tuple[Callable[[Sample], None], str]] = {
    # files that tests read
    "a file read by open": (edit("data/table.csv"), "data/table.csv changed"),
    "a file read by pathlib": (edit("data/config.json"), "data/config.json changed"),
    "a file read by os.open": (edit("data/raw.bin"), "data/raw.bin changed"),
    "a file read by mmap": (edit("data/mapped.bin"), "data/mapped.bin changed"),
    "a database": (insert_row("data/base.sqlite3"), "data/base.sqlite3 changed"),
    "a database with a quoted name": (
        insert_row("data/quoted base.sqlite3"),
        "data/quoted base.sqlite3 changed",
    ),
    "a package's resource": (edit("calc/resource.txt"), "calc/resource.txt changed"),
    "a file opened from a folder": (edit("data/relative.txt"), "data/relative.txt changed"),
    "a file that is copied": (edit("data/copied.txt"), "data/copied.txt changed"),
    "a file read by a thread": (edit("data/threaded.txt"), "data/threaded.txt changed"),
    "a file read by a child": (edit("data/child.txt"), "data/child.txt changed"),
    "a file read by a fork": (edit("data/forked.txt"), "data/forked.txt changed"),
    "a file read by a spawned child": (edit("data/spawned.txt"), "data/spawned.txt changed"),
    "a file outside of the repository": (edit_outside, "outside.txt changed"),
    "a file of a submodule": (edit("vendor/lib/code.txt"), "vendor/lib/code.txt changed"),
    "a file that a library opens": (edit("native/opened_by_a_library"), "native/"),
    "a deleted file": (remove("data/table.csv"), "data/table.csv is gone"),
    "a folder in a file's place": (become_a_folder, "data/table.csv changed"),
    "an edit of the same size and time": (
        lambda sample: sample.edit_unnoticed("data/table.csv"),
        "data/table.csv changed",
    ),
    "a source edit of the same size and time": (
        lambda sample: sample.edit_unnoticed("calc/__init__.py"),
        "calc/__init__.py changed",
    ),
    "a file's mode": (chmod("data/table.csv"), "data/table.csv changed"),
    # questions
    "a file that is looked for appears": (add("overrides/local.toml"), "overrides/local.toml is"),
    "a size that is asked": (edit("data/sized.bin"), "data/sized.bin changed"),
    "a permission that is asked": (chmod("data/script.sh"), "data/script.sh changed"),
    "a file read by glob": (edit("data/parts/1.txt"), "data/parts/1.txt changed"),
    "a new file that the glob finds": (add("data/parts/3.txt"), "3.txt is new"),
    "a file that the glob misses": (remove("data/parts/2.txt"), "2.txt is gone"),
    "a new name in a listed folder": (add("data/listed/c"), "c is new"),
    # links
    "a link's target": (edit("data/target_a.txt"), "data/link.txt changed"),
    "a link to an equal file": (relink("data/link.txt", "target_b.txt"), "data/link.txt changed"),
    "a link to an equal folder": (relink("current", "releases/2"), "current/version.txt changed"),
    "a link in a file's place": (become_a_link, "data/table.csv changed"),
    # tests
    "a test": (edit("tests/calc/test_more.py"), "tests/calc/test_more.py changed"),
    "a fixture in a parent's conftest": (edit("tests/conftest.py"), "tests/conftest.py changed"),
    "a new conftest above": (add("conftest.py"), "conftest.py is new"),
    "a new conftest below": (add("tests/calc/conftest.py"), "conftest.py is new"),
    "a new test file": (add("tests/calc/test_new.py"), "test_new.py is new"),
    "a new folder of tests": (add("tests/calc/more/test_new.py"), "more is new"),
    "a deleted test file": (remove("tests/calc/test_more.py"), "test_more.py is gone"),
    "a renamed test file": (
        rename("tests/calc/test_more.py", "tests/calc/test_other.py"),
        "test_other.py is new",
    ),
    # modules and packages
    "a module": (edit("calc/__init__.py"), "calc/__init__.py changed"),
    "a source that nothing imports": (edit("calc/unused.py"), "calc/unused.py changed"),
    "a new source": (add("calc/new.py"), "new.py is new"),
    "a case-only rename": (rename("calc/unused.py", "calc/Unused.py"), "Unused.py is new"),
    "a module found dynamically": (edit("addons/first.py"), "addons/first.py changed"),
    "a new module to be found": (add("addons/second.py"), "second.py is new"),
    "a module that shadows another": (add("left/helpers.py"), "helpers.py is new"),
    "a module that shadows the standard library": (add("json.py"), "json.py is new"),
    "a package that shadows a module": (become_a_package, "helpers is new"),
    "a regular package in a namespace's place": (add("left/space/__init__.py"), "__init__.py is"),
    "a module of a namespace package": (edit("right/space/one.py"), "right/space/one.py changed"),
    "the same module in an earlier portion": (add("left/space/one.py"), "one.py is new"),
    # configuration
    "pytest.ini": (add("pytest.ini", "[pytest]\n"), "pytest.ini is new"),
    "tox.ini": (add("tox.ini", "[pytest]\n"), "tox.ini is new"),
    ".coveragerc": (edit(".coveragerc"), ".coveragerc changed"),
    ".coveragerc.toml": (add(".coveragerc.toml", ""), ".coveragerc.toml is new"),
    "a floor": (replace("pyproject.toml", "under = 10", "under = 9"), "pyproject.toml changed"),
    "a theme": (
        replace("pyproject.toml", 'themes = ["reliability"]', 'themes = ["reliability", "speed"]'),
        "pyproject.toml changed",
    ),
    "the lock file": (edit("locks/calc.txt"), "locks/calc.txt changed"),
    # the environment
    "an upgraded distribution": (
        lambda sample: sample.upgrade(),
        "installed package extra-2.0 is new",
    ),
    "a file of a distribution": (edit_installed, "packages/extra.py changed"),
    "one more distribution": (install_more, "the installed package more-1.0 is new"),
    "a .pth file": (redirect, "the .pth file editable.pth is new"),
    # git
    "another branch": (check_out, "data/table.csv changed"),
    # results
    "a deleted report": (
        remove("coverage/calc.xml"),
        "coverage/calc.xml: the report was deleted or changed",
    ),
    "an edited report": (
        edit("coverage/calc.json"),
        "coverage/calc.json: the report was deleted or changed",
    ),
    "a deleted page": (drop_a_page, "coverage/html/calc: the report was deleted or changed"),
    "deleted data": (
        remove("coverage/data/calc/.coverage"),
        ".coverage: the report was deleted or changed",
    ),
    "a tampered snapshot": (
        tamper,
        "coverage/calc.snapshot.json: the report was deleted or changed",
    ),
    "deleted evidence": (
        remove("coverage/data/calc/evidence.json"),
        "no result of a passing full run",
    ),
    "damaged evidence": (damage, "is damaged"),
    "evidence of another version": (age_the_schema, "another version"),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
def test_no_result_is_reused_after(
    sample: Sample, change: Callable[[Sample], None], reason: str
) -> None:
    change(sample)
    reasons = sample.find().reasons
    assert any(reason in text for text in reasons), reasons


VARIABLES = {
    "a declared variable changed": {"REGION": "south"},
    "the locale": {"LANG": "de_DE.UTF-8"},
    "the time zone": {"TZ": "Asia/Tokyo"},
    "options for pytest": {"PYTEST_ADDOPTS": "-x"},
    "plugins of pytest": {"PYTEST_PLUGINS": "pytester"},
    "the seed of hashes": {"PYTHONHASHSEED": "1"},
    "the search path": {"PYTHONPATH": "/elsewhere"},
    "another configuration of coverage.py": {"COVERAGE_RCFILE": "/elsewhere"},
}


@pytest.mark.parametrize("change", VARIABLES.values(), ids=VARIABLES)
def test_no_result_is_reused_when_the_environment_says(
    sample: Sample, change: dict[str, str]
) -> None:
    (name,) = change
    reasons = sample.find(environ=sample.environ() | change).reasons
    assert any(text.startswith(f"the environment variable {name} ") for text in reasons), reasons


def test_no_result_is_reused_when_a_variable_is_gone(sample: Sample) -> None:
    environ = sample.environ()
    del environ["REGION"]
    assert "the environment variable REGION is gone" in sample.find(environ=environ).reasons


def test_no_result_is_reused_with_other_arguments(sample: Sample) -> None:
    assert sample.find(arguments=["-n", "2"]).reasons == ("the pytest arguments changed",)


def test_no_result_is_reused_by_another_interpreter(sample: Sample) -> None:
    (reason,) = sample.find(python="/elsewhere/bin/python").reasons
    assert reason == f"it ran in {sys.prefix}, but this environment is /elsewhere/bin/python"


def test_no_result_is_reused_by_another_covernance(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covernance, "__file__", str(sample.root / "layer" / "x.py"))
    monkeypatch.setattr(conditions, "_tool", conditions._tool.__wrapped__)
    assert "the code of covernance changed" in sample.find().reasons


def test_no_result_is_reused_in_another_place(sample: Sample, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sample.root, copy, symlinks=True)
    table = load(copy)
    reuse = Reuse(msgspec.structs.replace(sample.context(), table=table), ())
    assert (
        "the path of the checkout changed"
        in reuse.find(table.suite("calc"), Path(sys.executable)).reasons
    )


@pytest.mark.parametrize("later", [timedelta(days=8), timedelta(days=-1)])
def test_no_result_is_reused_that_is_too_old_or_not_measured_yet(
    sample: Sample, later: timedelta
) -> None:
    (reason,) = sample.find(later=later).reasons
    assert "days old" in reason or "its time is invalid" in reason


def test_no_result_is_reused_after_a_run_that_was_not_green(sample: Sample) -> None:
    """A run forgets what it is about to measure; only a green end brings it back."""
    table = load(sample.root)
    Reuse(sample.context(), ()).forget(table.suites)
    assert sample.find().reasons == ("no result of a passing full run is stored",)


@pytest.mark.parametrize(
    ("floor", "excused"),
    [(100, Exceptions()), (10, Exceptions(expired=("the exception expired",)))],
    ids=["a higher floor", "an expired exception"],
)
def test_no_result_is_reused_that_does_not_pass_today(
    sample: Sample, floor: int, excused: Exceptions
) -> None:
    table = load(sample.root)
    reuse = Reuse(sample.context(), ())
    suite = table.suite("calc")
    judgement = Judgement(AppliedFloor(Decimal(floor), "--fail-under"), excused)
    assert reuse.reuse_results([suite], {"calc": judgement}, {"calc": LocalAgent()}, print) == {}


@pytest.mark.parametrize(
    "change",
    [edit("README.md"), add("anywhere/new.txt"), remove("README.md"), edit("calc/unused.py")],
    ids=["an edit", "a new file", "a deleted file", "another suite's source"],
)
def test_a_suite_that_starts_other_programs_depends_on_the_whole_repository(
    sample: Sample, change: Callable[[Sample], None]
) -> None:
    assert "/cat" in sample.evidence("tool").programs[0]
    change(sample)
    assert sample.find("tool").reasons


def test_a_suite_that_starts_other_programs_depends_on_the_commit(sample: Sample) -> None:
    sample.repository.git("commit", "--quiet", "--allow-empty", "--message=empty")
    assert sample.find("tool").reasons == ("the commit changed",)


def test_a_program_of_the_same_name_in_another_folder_is_noticed(sample: Sample) -> None:
    path = sample.environ()["PATH"]
    moved = sample.environ() | {"PATH": f"{sample.root / 'bin'}{os.pathsep}{path}"}
    assert "the environment variable PATH changed" in sample.find("tool", moved).reasons
    assert sample.find("calc", moved).reasons == ()


def touch(sample: Sample) -> None:
    for path in sample.root.rglob("*.py"):
        os.utime(path)


def forth_and_back(sample: Sample) -> None:
    before = (sample.root / "data/table.csv").read_bytes()
    sample.append("data/table.csv")
    (sample.root / "data/table.csv").write_bytes(before)


def commit(sample: Sample) -> None:
    sample.append("README.md")
    sample.repository.git("commit", "--quiet", "--all", "--message=read me")


def drop_caches(sample: Sample) -> None:
    for folder in [*sample.root.rglob("__pycache__"), *sample.root.rglob(".pytest_cache")]:
        shutil.rmtree(folder)


UNRELATED = {
    "an edit of the README": edit("README.md"),
    "a commit of what was not read": commit,
    "another suite's source": edit("plain/__init__.py"),
    "another suite's test": edit("tests/plain/test_plain.py"),
    "a new test of another suite": add("tests/plain/test_new.py"),
    "times": touch,
    "an edit that was undone": forth_and_back,
    "caches": drop_caches,
}


def test_a_result_is_reused_while_nothing_changes(sample: Sample) -> None:
    for suite in ("calc", "plain", "tool"):
        assert sample.find(suite).reasons == ()


@pytest.mark.parametrize("change", UNRELATED.values(), ids=UNRELATED)
def test_a_result_is_reused_in_spite_of(sample: Sample, change: Callable[[Sample], None]) -> None:
    change(sample)
    assert sample.find().reasons == ()


def test_what_is_reused_says_so_and_where_it_comes_from(sample: Sample) -> None:
    sample.append("plain/__init__.py")
    ran = sample.repository.covernance("run", environ=sample.environ())

    assert ran.code == 0, ran.text
    assert "calc · reliability" not in ran.out
    assert "plain: runs again: plain/__init__.py changed" in ran.out
    assert "plain · reliability: 1 passed" in ran.out
    assert "tool · reliability: 1 passed" in ran.out
    origin = sample.evidence()
    commit = str(origin.commit)[:12]
    assert f"reused from {commit}, " in ran.out
    provenance = read(sample.root / "coverage/calc.snapshot.json").provenance
    assert provenance.source == "reused"
    assert provenance.origin
    assert provenance.origin.commit == origin.commit
    assert sample.find().reasons == ()
