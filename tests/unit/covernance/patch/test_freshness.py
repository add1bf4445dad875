from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from covernance.config import Suite
from covernance.git.changes import Changes, FileChange, WorkTree
from covernance.model.snapshot import Snapshot
from covernance.patch.freshness import Unusable, check_freshness, is_source

pytestmark = pytest.mark.security

BEGAN = 1_795_262_400
"""The sample snapshot's time, 2026-11-21T12:00:00Z, in seconds."""


@pytest.fixture
def dirty(snapshot: Snapshot) -> Snapshot:
    """The sample as the run of an edited work tree, which is compared by time."""
    provenance = msgspec.structs.replace(snapshot.provenance, dirty=True)
    return msgspec.structs.replace(snapshot, provenance=provenance)


def touch(root: Path, name: str, when: float) -> Changes:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (when, when))
    return Changes("0" * 40, (FileChange(path=name, before=None),))


def test_without_a_result_there_is_no_data(tmp_path: Path, suite: Suite) -> None:
    result = check_freshness(WorkTree(tmp_path), suite, None, Changes("0" * 40, ()))
    assert isinstance(result, Unusable)
    assert (result.suite, result.verdict) == ("api", "no-data")


@pytest.mark.parametrize(("later", "fresh"), [(-1, True), (0.9, True), (1, False), (3600, False)])
@pytest.mark.parametrize(
    "name", ["apps/api/new.py", "apps/api/main.py", "tests/unit/api/test_x.py"]
)
def test_an_edit_after_the_run_began_makes_the_result_stale(
    tmp_path: Path, suite: Suite, dirty: Snapshot, name: str, later: float, *, fresh: bool
) -> None:
    result = check_freshness(WorkTree(tmp_path), suite, dirty, touch(tmp_path, name, BEGAN + later))
    if fresh:
        assert result is dirty
    else:
        assert isinstance(result, Unusable)
        assert result.reasons == (
            f"{name} was edited after the suite was measured",
            "run `covernance run --suite api` again",
        )


@pytest.mark.parametrize("name", ["apps/auth/new.py", "apps/api/notes.md", "tests/unit/api/x.txt"])
def test_an_edit_outside_the_suite_has_no_effect(
    tmp_path: Path, suite: Suite, dirty: Snapshot, name: str
) -> None:
    assert (
        check_freshness(WorkTree(tmp_path), suite, dirty, touch(tmp_path, name, BEGAN + 60))
        is dirty
    )


def test_if_the_commit_is_missing_file_times_decide(
    tmp_path: Path, suite: Suite, snapshot: Snapshot
) -> None:
    edited = touch(tmp_path, "apps/api/main.py", BEGAN + 60)
    assert isinstance(check_freshness(WorkTree(tmp_path), suite, snapshot, edited), Unusable)
    deleted = Changes("0" * 40, (FileChange(path=None, before="apps/api/gone.py"),))
    assert check_freshness(WorkTree(tmp_path), suite, snapshot, deleted) is snapshot


def test_sources_are_measured_files_and_python_files_in_the_source_folders(
    suite: Suite, snapshot: Snapshot
) -> None:
    assert is_source("apps/api/new.py", suite, snapshot)
    assert not is_source("apps/api/new.txt", suite, snapshot)
    template = msgspec.structs.replace(
        snapshot, files={"web/a.html": next(iter(snapshot.files.values()))}
    )
    assert is_source("web/a.html", suite, template)
