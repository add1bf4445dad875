"""Open the history store configured in the table or the environment."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from covernance.config.stores import STORES, StoreName
from covernance.context import Context
from covernance.errors import ConfigError
from covernance.history.git_branch import remotes
from covernance.history.store import NamedStore

STORE_VARIABLE = "COVERAGE_HISTORY_STORE"
"""The variable that overrides the table's store, for example in CI."""


def open_table_store(
    context: Context,
    name: StoreName | None = None,
    *,
    branch: str | None = None,
    remote: str | None = None,
    local: bool = False,
) -> NamedStore:
    """Open the store configured by `$COVERAGE_HISTORY_STORE` or the table.

    Args:
        context: The context.
        name: Another store.
        branch: Another branch of a store in git.
        remote: Another remote, which must exist; the table's is used only if it exists.
        local: Whether to use the local branch, without any remote.

    Raises:
        CovernanceError: The store is a git branch, and git or the repository is missing.
    """
    store, settings = store_class(name or choose_store(context)), context.table.history
    if local or not store.has_remote:
        remote = None
    elif remote is None:
        remote = find_remote(context, settings.remote)
    return store.open(context, branch=branch or settings.branch, remote=remote)


def store_class(name: StoreName) -> type[NamedStore]:
    """Return the class of a store by its name."""
    module, _, attribute = STORES[name].class_path.partition(":")
    return cast("type[NamedStore]", getattr(import_module(module), attribute))


def choose_store(context: Context) -> StoreName:
    """Return the name of the store set in `$COVERAGE_HISTORY_STORE`, else in the table.

    Raises:
        ConfigError: There is no such store.
    """
    named = context.environ.get(STORE_VARIABLE) or context.table.history.store
    if named not in STORES:
        known = " or ".join(STORES)
        raise ConfigError(f"{STORE_VARIABLE}={named}: unknown store; use {known}")
    return named


def find_remote(context: Context, name: str) -> str | None:
    """Return the remote of that name if it exists, else None for the local branch."""
    return name if name in remotes(context.root, context.environ) else None
