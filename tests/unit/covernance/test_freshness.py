"""A result is of the suite as it is now if its files have the content that was measured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from covernance.freshness import Checkout, Unusable, mark_stale, require_current
from covernance.model.snapshot import CARRIED, Snapshot
from tests.utils.contexts import context_of
from tests.utils.repository import TABLE, Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.security

Explain = Callable[[Snapshot], tuple[str, ...]]


@pytest.fixture
def measured(repository: Repository, snapshot: Snapshot) -> Snapshot:
    """A result of the present checkout, which has one commit."""
    repository.commit_first()
    return measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)


@pytest.fixture
def explain(repository: Repository) -> Explain:
    """Say why a result is stale now."""

    def explain_now(result: Snapshot) -> tuple[str, ...]:
        context = context_of(repository.root)
        return Checkout(context).explain_staleness(context.table.suites[0], result)

    return explain_now


def test_a_result_of_the_present_content_is_current(measured: Snapshot, explain: Explain) -> None:
    assert explain(measured) == ()


@pytest.mark.parametrize(
    "name",
    [
        "calc/__init__.py",
        "tests/test_calc.py",
        ".coveragerc",
        "pytest.ini",
        "tests/pytest.ini",
        "conftest.py",
        "tests/conftest.py",
        "calc/new.py",
    ],
)
def test_an_edit_of_a_source_test_or_setting_makes_a_result_stale(
    repository: Repository, measured: Snapshot, explain: Explain, name: str
) -> None:
    what = "edited" if (repository.root / name).exists() else "added"
    (repository.root / name).parent.mkdir(exist_ok=True)
    repository.append(name, "# edited\n")
    assert explain(measured) == (f"{name} was {what} after the suite was measured",)


@pytest.mark.parametrize(
    "name", ["README.md", "calc/notes.md", "docs/example.py", "setup.cfg", "requirements.txt"]
)
def test_an_edit_of_anything_else_does_not(
    repository: Repository, measured: Snapshot, explain: Explain, name: str
) -> None:
    repository.write(name, "[metadata]\nname = calc\n")
    assert explain(measured) == ()
    repository.commit()
    assert explain(measured) == ()


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("fail-under = 90", "fail-under = 80", "[tool.covernance.suites.calc]"),
        (
            'tests = ["tests"]',
            'tests = ["tests"]\nselect = "fast"',
            "[tool.covernance.suites.calc]",
        ),
        ('tests = ["tests"]', 'tests = ["tests"]\npatch-fail-under = 10', ""),
        ('pythonpath = ["."]', 'pythonpath = ["src"]', "pyproject.toml"),
        ("[tool.covernance]", '[project]\nname = "calc"\nversion = "2"\n[tool.covernance]', ""),
    ],
)
def test_of_pyproject_only_what_decides_the_result_matters(
    repository: Repository, measured: Snapshot, explain: Explain, old: str, new: str, stale: str
) -> None:
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    assert old in text
    repository.write("pyproject.toml", text.replace(old, new))
    reasons = explain(measured)
    assert reasons == ((f"{stale} was edited after the suite was measured",) if stale else ())


def test_other_content_with_the_old_time_is_seen(
    repository: Repository, measured: Snapshot, explain: Explain, tmp_path: Path
) -> None:
    source = repository.root / "calc/__init__.py"
    before = source.stat()
    other = tmp_path / "other.py"
    other.write_bytes(source.read_bytes().replace(b"1", b"7"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    shutil.copy2(other, source)
    assert (source.stat().st_size, source.stat().st_mtime) == (before.st_size, before.st_mtime)
    assert explain(measured) == ("calc/__init__.py was edited after the suite was measured",)


def test_a_result_of_uncommitted_changes_stays_current_when_they_are_committed(
    repository: Repository, snapshot: Snapshot, explain: Explain
) -> None:
    repository.commit_first()
    repository.append("calc/__init__.py", "z = 3\n")
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    repository.commit()
    assert explain(result) == ()


def test_a_deleted_file_is_named(
    repository: Repository, measured: Snapshot, explain: Explain
) -> None:
    (repository.root / "tests/test_calc.py").unlink()
    assert explain(measured) == ("tests/test_calc.py was deleted after the suite was measured",)


def test_a_long_list_of_reasons_is_cut_with_a_count(
    repository: Repository, measured: Snapshot, explain: Explain
) -> None:
    for number in range(12):
        repository.write(f"calc/new_{number:02}.py", "x = 1\n")
    reasons = explain(measured)
    assert (len(reasons), reasons[-1]) == (11, "… and 2 more")


def test_a_result_of_another_repository_is_stale(measured: Snapshot, explain: Explain) -> None:
    provenance = msgspec.structs.replace(measured.provenance, commit="1" * 40)
    elsewhere = msgspec.structs.replace(measured, provenance=provenance)
    assert explain(elsewhere) == (
        "it was measured at commit 111111111111, which is not in this repository",
    )
    carried = msgspec.structs.replace(provenance, source=CARRIED)
    assert explain(msgspec.structs.replace(measured, provenance=carried)) == ()


@pytest.mark.reliability
def test_in_a_shallow_clone_the_contents_are_compared(
    repository: Repository, measured: Snapshot, explain: Explain
) -> None:
    (repository.root / ".git/shallow").write_text(repository.git("rev-parse", "HEAD") + "\n")
    provenance = msgspec.structs.replace(measured.provenance, commit="1" * 40)
    assert explain(msgspec.structs.replace(measured, provenance=provenance)) == ()
    repository.append("calc/__init__.py", "z = 3\n")
    assert explain(msgspec.structs.replace(measured, provenance=provenance)) == (
        "calc/__init__.py was edited after the suite was measured",
    )


@pytest.mark.reliability
def test_without_git_the_contents_are_compared(
    repository: Repository, snapshot: Snapshot, explain: Explain
) -> None:
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    assert explain(result) == ()
    repository.write("calc/__pycache__/x.py", "x = 1\n")
    assert explain(result) == ()
    repository.append("calc/__init__.py", "z = 3\n")
    assert explain(result) == ("calc/__init__.py was edited after the suite was measured",)


@pytest.mark.reliability
def test_a_source_that_git_ignores_is_compared(
    repository: Repository, snapshot: Snapshot, explain: Explain
) -> None:
    repository.append(".gitignore", "/calc/\n")
    repository.commit_first()
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    repository.append("calc/__init__.py", "z = 3\n")
    assert explain(result) == ("calc/__init__.py was edited after the suite was measured",)


@pytest.mark.reliability
def test_a_source_in_a_submodule_is_compared(
    snapshot: Snapshot, tmp_path: Path, repository: Repository, explain: Explain
) -> None:
    library = Repository(tmp_path / "library")
    library.commit_first()
    table = TABLE.replace('source = ["calc"]', 'source = ["library/calc"]')
    repository.write("pyproject.toml", table)
    repository.commit_first()
    allow = ("-c", "protocol.file.allow=always")
    repository.git(*allow, "submodule", "--quiet", "add", str(library.root), "library")
    repository.commit()
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    assert explain(result) == ()
    repository.append("library/calc/__init__.py", "z = 3\n")
    assert explain(result) == ("library/calc/__init__.py was edited after the suite was measured",)


def test_an_old_result_without_contents_is_compared_by_its_commit(
    repository: Repository, measured: Snapshot, explain: Explain
) -> None:
    old = msgspec.structs.replace(measured.provenance, contents={}, dirty=False)
    result = msgspec.structs.replace(measured, provenance=old)
    assert explain(result) == ()
    repository.append("calc/__init__.py", "z = 3\n")
    assert explain(result) == ("calc/__init__.py was edited after the suite was measured",)
    dirty = msgspec.structs.replace(old, dirty=True)
    assert "older version" in explain(msgspec.structs.replace(result, provenance=dirty))[0]


def test_what_reads_results_gets_a_result_or_a_verdict(
    repository: Repository, measured: Snapshot
) -> None:
    (suite,) = context_of(repository.root).table.suites
    assert require_current(suite, measured) is measured
    none = require_current(suite, None)
    assert isinstance(none, Unusable)
    assert (none.suite, none.verdict) == ("calc", "no-data")
    stale = require_current(suite, mark_stale(measured, ("why",)))
    assert isinstance(stale, Unusable)
    assert (stale.verdict, stale.reasons) == (
        "stale",
        ("why", "run `covernance run --suite calc` again"),
    )
