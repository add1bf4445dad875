"""Where a result comes from: the commit, the interpreter, the tools."""

from __future__ import annotations

import platform
import secrets
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from covernance.config import Table
from covernance.errors import CovernanceError
from covernance.measure.changes import merge_base
from covernance.model.snapshot import Provenance


def provenance(table: Table, environ: Mapping[str, str], now: datetime) -> Provenance:
    """Describe a run of this process in the repository of `table` that began at `now`.

    A GitHub Actions run is identified by its run id and attempt, any other by its time.
    """
    status = _git(table.root, "status", "--porcelain", "--untracked-files=normal")
    return Provenance(
        commit=commit(table.root),
        base=_base(table),
        branch=environ.get("GITHUB_HEAD_REF")
        or _git(table.root, "symbolic-ref", "--quiet", "--short", "HEAD")
        or None,
        dirty=None if status is None else bool(status),
        run_id=_run_id(environ, now),
        recorded_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine()}",
        tools={name: version(name) for name in ("coverage", "covernance", "pytest")},
        config=table.digest(),
    )


def commit(root: Path) -> str | None:
    """The commit that is checked out; None outside a repository or before the first."""
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD") or None


def _base(table: Table) -> str | None:
    """The commit at which the work left the default branch, where git can tell."""
    try:
        return merge_base(table.root, default_branch=table.default_branch)
    except CovernanceError:
        return None


def _run_id(environ: Mapping[str, str], now: datetime) -> str:
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{run}-{environ.get('GITHUB_RUN_ATTEMPT', '1')}"
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _git(root: Path, *arguments: str) -> str | None:
    """The output of a git command, or None outside a repository or without git."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands, no shell
            ["git", *arguments],  # noqa: S607 - git from the user's PATH
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
