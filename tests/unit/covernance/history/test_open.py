from __future__ import annotations

import msgspec
import pytest

from covernance.config import load
from covernance.config.stores import STORES
from covernance.context import Context
from covernance.errors import ConfigError
from covernance.history.directory import Directory
from covernance.history.git_branch import GitBranch
from covernance.history.open import choose_store, find_remote, open_table_store, store_class
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.history.samples import recorded
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

AT = "2026-11-21T12:00:00Z"


@pytest.mark.architecture
def test_the_directory_store_is_next_to_the_reports(
    repository: Repository, snapshot: Snapshot
) -> None:
    store = store_class("directory").open(context_of(repository.root), branch="x", remote=None)
    store.add([recorded(snapshot, "api", "3f" * 20, "1-1", "main", AT)])
    assert (repository.root / "coverage" / "history" / "api" / "3f").is_dir()


@pytest.mark.architecture
def test_a_git_store_is_a_branch_of_the_repository(repository: Repository) -> None:
    repository.git("init", "--quiet")
    store = store_class("git").open(context_of(repository.root), branch="past", remote=None)
    assert isinstance(store, GitBranch)
    assert store.entries() == []


@pytest.mark.architecture
def test_a_remote_is_used_if_it_exists(repository: Repository, context: Context) -> None:
    assert find_remote(context, "origin") is None
    repository.git("init", "--quiet")
    repository.git("remote", "add", "upstream", "https://example.org/x.git")
    assert find_remote(context, "origin") is None
    assert find_remote(context, "upstream") == "upstream"


@pytest.mark.architecture
def test_an_environment_variable_selects_the_store(repository: Repository) -> None:
    table = load(repository.root)
    assert choose_store(context_of(table)) == "directory"
    assert choose_store(context_of(table, {"COVERAGE_HISTORY_STORE": ""})) == "directory"
    assert choose_store(context_of(table, {"COVERAGE_HISTORY_STORE": "git"})) == "git"
    with pytest.raises(ConfigError, match=r"COVERAGE_HISTORY_STORE=gti: .* use directory or git"):
        choose_store(context_of(table, {"COVERAGE_HISTORY_STORE": "gti"}))


@pytest.mark.architecture
def test_the_tables_store_is_opened(repository: Repository) -> None:
    table = load(repository.root)
    assert isinstance(open_table_store(context_of(table)), Directory)
    repository.git("init", "-q")
    table = msgspec.structs.replace(
        table, history=msgspec.structs.replace(table.history, store="git")
    )
    assert isinstance(open_table_store(context_of(table)), GitBranch)


@pytest.mark.architecture
@pytest.mark.parametrize("name", STORES)
def test_a_store_of_every_name_stores_and_reads(
    repository: Repository, snapshot: Snapshot, name: str
) -> None:
    repository.git("init", "--quiet")
    store = store_class(name).open(context_of(repository.root), branch="past", remote=None)
    result = recorded(snapshot, "api", "3f" * 20, "1-1", "main", AT)
    (entry,) = store.add([result])
    assert store.entries() == [entry]
    assert store.read(entry) == result
