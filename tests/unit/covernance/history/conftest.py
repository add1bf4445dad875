"""Responsible for tests of stores: snapshots of many runs, clones of a bare repository."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from covernance.history.git_branch import GitBranch
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.history.samples import COMMIT, recorded
from tests.utils.repository import NO_GIT_CONFIGURATION, Repository, clean_environment

ENVIRON = clean_environment() | NO_GIT_CONFIGURATION


@pytest.fixture
def result(snapshot: Snapshot) -> Callable[..., Snapshot]:
    """Build the snapshot of a run; values that are not given are the same for all."""

    def build(
        suite: str = "api",
        commit: str | None = COMMIT,
        run_id: str = "1-1",
        branch: str | None = "main",
        recorded_at: str = "2026-11-21T12:00:00Z",
    ) -> Snapshot:
        return recorded(snapshot, suite, commit, run_id, branch, recorded_at)

    return build


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bare repository, which has one commit on main, and a fresh clone of it."""
    folder = tmp_path_factory.mktemp("sample")
    seed = Repository(folder / "seed")
    seed.commit_first()
    seed.git("clone", "--quiet", "--bare", ".", str(folder / "remote.git"))
    # In a copy of the clone, the files in its index have the same times, but not the same inodes.
    by_time = ("--config=core.checkStat=minimal", "--config=core.trustCtime=false")
    seed.git("clone", "--quiet", *by_time, str(folder / "remote.git"), str(folder / "clone"))
    return folder


@pytest.fixture
def remote(tmp_path: Path, sample: Path) -> Path:
    """A bare repository with one commit on its branch main."""
    return shutil.copytree(sample / "remote.git", tmp_path / "remote.git")


@pytest.fixture
def clone(tmp_path: Path, remote: Path, sample: Path) -> Callable[[str], Path]:
    """Provide, under a name, a clone of the remote as it was at first."""

    def build(name: str) -> Path:
        folder = shutil.copytree(sample / "clone", tmp_path / name)
        config = folder / ".git/config"
        settings = config.read_text(encoding="utf-8")
        config.write_text(settings.replace(str(sample), str(tmp_path)), encoding="utf-8")
        return folder

    return build


@pytest.fixture
def store(clone: Callable[[str], Path]) -> GitBranch:
    """The branch on the remote, accessed from a fresh clone without a configured git identity."""
    return GitBranch(clone("clone"), remote="origin", environ=ENVIRON)
