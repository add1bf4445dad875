from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from covernance.agent.environment import GivenArguments
from covernance.config import Table, load
from covernance.engine.arguments import PytestArguments
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.run.scope import Scope, find_scope, list_requested_reasons
from tests.unit.covernance.run.runs import request
from tests.utils.repository import Repository

pytestmark = pytest.mark.security

Build = Callable[..., ThemeResult]
NARROWED = PytestArguments(meaning=GivenArguments(narrowing=("-k 'x'",)))


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


UNKNOWN = PytestArguments(meaning=GivenArguments(unknown=("--fast", "--of-a-plugin")))


def without_tests(built: ThemeResult, deselected: int) -> ThemeResult:
    """A pass in which pytest or a plugin left tests out."""
    assert built.record
    collected = msgspec.structs.replace(
        built.record.collected, deselected=[f"t::{number}" for number in range(deselected)]
    )
    record = msgspec.structs.replace(built.record, collected=collected)
    return msgspec.structs.replace(built, record=record)


@pytest.mark.architecture
def test_a_run_of_everything_is_whole(table: Table, finished: Build) -> None:
    scope = find_scope(request(table), [finished()])
    assert scope == Scope()
    assert scope.is_whole
    assert scope.reasons == ()


def test_a_theme_and_arguments_make_a_selection(table: Table, finished: Build) -> None:
    asked = request(table, themes=("security",), arguments=NARROWED)
    scope = find_scope(asked, [without_tests(finished(), 2)])
    assert not scope.is_whole
    assert scope.reasons == ("--theme security", "-k 'x'")


def test_the_reasons_of_a_request_are_known_before_it_runs(table: Table) -> None:
    assert list_requested_reasons(request(table)) == ()
    asked = request(table, themes=("security",), arguments=NARROWED)
    assert list_requested_reasons(asked) == ("--theme security", "-k 'x'")
    # Shards of a whole suite are merged, and each may store what it depended on.
    assert list_requested_reasons(request(table, shard=Shard(2, 3))) == ()


def test_what_the_projects_settings_leave_out_makes_no_selection(
    table: Table, finished: Build
) -> None:
    assert find_scope(request(table), [without_tests(finished(), 2)]).is_whole


def test_unknown_options_make_a_selection_if_tests_are_deselected(
    table: Table, finished: Build
) -> None:
    asked = request(table, arguments=UNKNOWN)
    scope = find_scope(asked, [without_tests(finished(), 2)])
    assert scope.reasons == ("--fast, --of-a-plugin; 2 tests deselected",)
    assert find_scope(asked, [finished()]).is_whole


def test_a_shard_is_no_selection(table: Table, finished: Build) -> None:
    shard = find_scope(request(table, shard=Shard(2, 3)), [without_tests(finished(), 2)])
    assert (shard.reasons, shard.selection, shard.is_whole) == (("shard 2/3",), (), False)


def test_a_selection_of_a_shard_is_both(table: Table, finished: Build) -> None:
    asked = request(table, shard=Shard(2, 3), arguments=NARROWED)
    scope = find_scope(asked, [finished()])
    assert scope.reasons == ("shard 2/3", "-k 'x'")
    assert scope.selection == ("-k 'x'",)
