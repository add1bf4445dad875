"""Responsible for stores to test: snapshots of many runs, clones of a bare repository."""

from __future__ import annotations

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
    """Build the snapshot of a run; what is not said is the same for all."""

    def build(
        suite: str = "api",
        commit: str | None = COMMIT,
        run_id: str = "1-1",
        branch: str | None = "main",
        recorded_at: str = "2026-11-21T12:00:00Z",
    ) -> Snapshot:
        return recorded(snapshot, suite, commit, run_id, branch, recorded_at)

    return build


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with one commit on its branch main."""
    seed = Repository(tmp_path / "seed")
    seed.git("init", "--quiet", "--initial-branch=main")
    seed.git("add", ".")
    seed.git("commit", "--quiet", "--message=start")
    seed.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Callable[[str], Path]:
    """Clone the remote under a name."""

    def build(name: str) -> Path:
        Repository(tmp_path / "seed").git("clone", "--quiet", str(remote), str(tmp_path / name))
        return tmp_path / name

    return build


@pytest.fixture
def store(clone: Callable[[str], Path]) -> GitBranch:
    """The branch on the remote, through a fresh clone; its git has no identity of its own."""
    return GitBranch(clone("clone"), remote="origin", environ=ENVIRON)
