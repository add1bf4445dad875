"""Describe where a result comes from: commit, branch, interpreter and tools."""

from __future__ import annotations

import os
import platform
import secrets
import sys
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

import msgspec

from covernance import __version__
from covernance.agent.environment import Environment
from covernance.context import Context
from covernance.errors import CovernanceError, MachineError
from covernance.git.changes import find_merge_base
from covernance.git.default_branch import find_default_branch
from covernance.git.index_copy import copied_index
from covernance.git.runner import Git
from covernance.git.tree import read_tree
from covernance.model.snapshot import Provenance


def describe_run(context: Context) -> Provenance:
    """Describe a run of this process that starts now, in the repository of a context.

    The environment that the suite is measured in is added by `add_environment`.

    A GitHub Actions run is identified by its run id and attempt, any other by its time.
    """
    own = context.layout.folder.name
    checkout = _checkout(context.root, own)
    return Provenance(
        commit=checkout.commit,
        base=_base(context),
        branch=context.environ.get("GITHUB_HEAD_REF") or checkout.branch,
        dirty=checkout.dirty,
        tree=None if checkout.dirty is None else _tree(context.root, checkout, own),
        run_id=_run_id(context),
        recorded_at=context.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine()}",
        tools={"covernance": __version__},
        config=context.table.digest(),
    )


def add_environment(source: Provenance, environment: Environment) -> Provenance:
    """Add the environment that a suite was measured in."""
    return msgspec.structs.replace(
        source,
        python=environment.python,
        platform=environment.platform,
        tools=dict(sorted({**source.tools, **environment.packages}.items())),
    )


def read_head(root: Path) -> str | None:
    """Return the checked-out commit; None outside a repository or before the first commit."""
    return _ask(root, "rev-parse", "--verify", "--quiet", "HEAD") or None


class _Checkout(NamedTuple):
    commit: str | None
    branch: str | None
    dirty: bool | None


def _checkout(root: Path, own: str) -> _Checkout:
    """Read `git status`: `# branch.oid …`, `# branch.head …`, then one line per changed file.

    The tool's own folder does not make a checkout dirty. A copy of the index is read, in which no
    file is hidden.
    """
    arguments = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal")
    git = Git(root)
    try:
        with copied_index(git, root) as environ:
            status = git.run(*arguments, "--", ":/", f":(exclude){own}", environ=environ)
    except MachineError:
        return _Checkout(None, None, None)
    lines = os.fsdecode(status).strip().split("\n")
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit, branch = headers["branch.oid"], headers["branch.head"]
    return _Checkout(
        None if commit == "(initial)" else commit,
        None if branch == "(detached)" else branch,
        any(not line.startswith("# ") for line in lines),
    )


def _tree(root: Path, checkout: _Checkout, own: str) -> str | None:
    """The tree of the work tree; that of the commit if nothing was changed."""
    if not checkout.dirty and (tree := _ask(root, "rev-parse", "HEAD^{tree}")):
        return tree
    return read_tree(root, own)


def _base(context: Context) -> str | None:
    """Find the merge base of HEAD and the default branch, or None if that is unknown."""
    try:
        return find_merge_base(context.root, default_branch=find_default_branch(context))
    except CovernanceError:
        return None


def _run_id(context: Context) -> str:
    if run := context.environ.get("GITHUB_RUN_ID"):
        return f"{run}-{context.environ.get('GITHUB_RUN_ATTEMPT', '1')}"
    return f"{context.now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _ask(root: Path, *arguments: str) -> str | None:
    """Return the output of a git command; None without a repository or git, or if it hangs."""
    try:
        return Git(root).ask(*arguments)
    except MachineError:
        return None
