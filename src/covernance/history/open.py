"""Open the history store that the table or the environment names."""

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
    """Open the history that `$COVERAGE_HISTORY_STORE` or the table names.

    Raises:
        CovernanceError: It is a branch, and there is no git or no repository.
    """
    kind = kind or chosen(table, os.environ)
    remote = usual_remote(table.root, table.history.remote) if kind == "git" else None
    return open_store(kind, table.root, branch=table.history.branch, remote=remote)


Kind = Literal["directory", "git"]


STORE_VARIABLE = "COVERAGE_HISTORY_STORE"
"""Names the store on one machine, as CI does, where the table's is for all others."""


_USUAL_REMOTE = "origin"


def open_store(kind: Kind, root: Path, *, branch: str, remote: str | None) -> Store:
    """Open the store of the repository at `root`.

    Args:
        kind: Where snapshots are kept.
        root: The folder of pyproject.toml.
        branch: The git store's branch.
        remote: The git store's remote, or None for the local branch.

    Raises:
        InputError: There is no repository, branch or remote of that name.
        MachineError: There is no git.
    """
    if kind == "git":
        return GitBranch(root, branch=branch, remote=remote)
    return Directory(Layout(root).folder / "history")


def chosen(table: Table, environ: Mapping[str, str]) -> Kind:
    """The kind of store: what `$COVERAGE_HISTORY_STORE` says, else the table.

    Raises:
        ConfigError: There is no store of that name.
    """
    named = environ.get(STORE_VARIABLE) or table.history.store
    if named not in get_args(Kind):
        known = " or ".join(get_args(Kind))
        raise ConfigError(f"{STORE_VARIABLE}={named}: there is no such store; say {known}")
    return cast("Kind", named)


def usual_remote(root: Path, name: str = _USUAL_REMOTE) -> str | None:
    """The remote of that name where there is one, else None: the local branch alone."""
    return name if name in remotes(root) else None
