"""Open the history store configured in the table or the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast, get_args

from covernance.config import Table
from covernance.errors import ConfigError
from covernance.history.directory import Directory
from covernance.history.git_branch import GitBranch, remotes
from covernance.history.store import Store
from covernance.layout import Layout


def open_table_store(table: Table, kind: Kind | None = None) -> Store:
    """Open the store configured by `$COVERAGE_HISTORY_STORE` or the table.

    Raises:
        CovernanceError: The store is a git branch, and git or the repository is missing.
    """
    kind = kind or chosen(table, os.environ)
    remote = usual_remote(table.root, table.history.remote) if kind == "git" else None
    return open_store(kind, table.root, branch=table.history.branch, remote=remote)


Kind = Literal["directory", "git"]


STORE_VARIABLE = "COVERAGE_HISTORY_STORE"
"""The variable that overrides the table's store, for example in CI."""


_USUAL_REMOTE = "origin"


def open_store(kind: Kind, root: Path, *, branch: str, remote: str | None) -> Store:
    """Open the store of the repository at `root`.

    Args:
        kind: The kind of store.
        root: The folder of pyproject.toml.
        branch: The git store's branch.
        remote: The git store's remote, or None for the local branch.

    Raises:
        InputError: The repository, branch or remote does not exist.
        MachineError: git is missing.
    """
    if kind == "git":
        return GitBranch(root, branch=branch, remote=remote)
    return Directory(Layout(root).folder / "history")


def chosen(table: Table, environ: Mapping[str, str]) -> Kind:
    """Return the kind of store set in `$COVERAGE_HISTORY_STORE`, else in the table.

    Raises:
        ConfigError: There is no such kind.
    """
    named = environ.get(STORE_VARIABLE) or table.history.store
    if named not in get_args(Kind):
        known = " or ".join(get_args(Kind))
        raise ConfigError(f"{STORE_VARIABLE}={named}: unknown store; use {known}")
    return cast("Kind", named)


def usual_remote(root: Path, name: str = _USUAL_REMOTE) -> str | None:
    """Return the remote of that name if it exists, else None for the local branch."""
    return name if name in remotes(root) else None
