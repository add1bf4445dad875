"""Open the history store that the table or the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from covernance.config import Table
from covernance.config.stores import STORES, StoreName
from covernance.errors import ConfigError
from covernance.history.git_branch import remotes
from covernance.history.store import NamedStore, Store


def open_table_store(table: Table, name: StoreName | None = None) -> Store:
    """Open the history that `$COVERAGE_HISTORY_STORE` or the table names.

    Raises:
        CovernanceError: It is a branch, and there is no git or no repository.
    """
    store = store_class(name or chosen(table, os.environ))
    remote = usual_remote(table.root, table.history.remote) if store.has_remote else None
    return store.open(table.root, branch=table.history.branch, remote=remote)


STORE_VARIABLE = "COVERAGE_HISTORY_STORE"
"""Names the store on one machine, as CI does, where the table's is for all others."""


_USUAL_REMOTE = "origin"


def store_class(name: StoreName) -> type[NamedStore]:
    """The class of a store by its name."""
    module, _, attribute = STORES[name].partition(":")
    return cast("type[NamedStore]", getattr(import_module(module), attribute))


def chosen(table: Table, environ: Mapping[str, str]) -> StoreName:
    """The name of the store: what `$COVERAGE_HISTORY_STORE` says, else the table.

    Raises:
        ConfigError: There is no store of that name.
    """
    named = environ.get(STORE_VARIABLE) or table.history.store
    if named not in STORES:
        known = " or ".join(STORES)
        raise ConfigError(f"{STORE_VARIABLE}={named}: there is no such store; say {known}")
    return named


def usual_remote(root: Path, name: str = _USUAL_REMOTE) -> str | None:
    """The remote of that name where there is one, else None: the local branch alone."""
    return name if name in remotes(root) else None
