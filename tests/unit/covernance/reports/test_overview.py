from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from covernance.errors import InputError
from covernance.guard import compare
from covernance.guard.workflow import GuardResult
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.reports import overview
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

REGISTER = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
ROWS = """\
<!-- covernance:exceptions:begin -->
| module | suite | current / floor | rationale | owner | review date | remediation plan | status |
|---|---|---|---|---|---|---|---|
| `calc/__init__.py` | calc | 50.00 / 90 | an old module | @team | 2026-11-25 | rewrite | |
<!-- covernance:exceptions:end -->
"""


def published(repository: Repository, snapshot: Snapshot, **source: object) -> None:
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    provenance = msgspec.structs.replace(result.provenance, **source)
    result = msgspec.structs.replace(result, provenance=provenance)
    path = repository.root / "coverage/calc.snapshot.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(result.encode())


@pytest.mark.reliability
def test_missing_git_is_reported(repository: Repository, snapshot: Snapshot) -> None:
    published(repository, snapshot)
    warnings: list[str] = []
    overall = overview.full_state(context_of(repository.root), None, local_agent, warnings.append)
    assert (overall.patches, overall.drops) == ({}, ())
    assert warnings[0].startswith("patch coverage and drops are not shown: ")


def test_days_left_are_counted_from_the_newest_result(
    repository: Repository, snapshot: Snapshot
) -> None:
    repository.write(REGISTER, ROWS)
    published(repository, snapshot)
    (exception,) = overview.full_state(
        context_of(repository.root), None, local_agent, print
    ).exceptions
    assert (exception.module, exception.days_left) == ("calc/__init__.py", 4)


@pytest.mark.reliability
def test_result_with_a_damaged_time_is_one_clear_error(
    repository: Repository, snapshot: Snapshot
) -> None:
    published(repository, snapshot, recorded_at="yesterday")
    with pytest.raises(InputError, match="the result of calc: 'yesterday' is not a time"):
        overview.full_state(context_of(repository.root), None, local_agent, print)


@pytest.mark.reliability
def test_without_any_result_nothing_is_due(repository: Repository) -> None:
    repository.write(REGISTER, ROWS)
    assert (
        overview.full_state(context_of(repository.root), None, local_agent, print).exceptions == ()
    )


def test_patch_coverage_and_drops_are_shown_in_git(
    repository: Repository, snapshot: Snapshot
) -> None:
    repository.commit_first()
    repository.append("calc/__init__.py", "z = 3\n")
    published(repository, snapshot, dirty=True)
    warnings: list[str] = []
    overall = overview.full_state(context_of(repository.root), None, local_agent, warnings.append)
    assert warnings == []
    assert {suite: counts.total for suite, counts in overall.patches.items()} == {"calc": 1}


def test_on_the_default_branch_patch_coverage_is_that_of_the_last_commit(
    repository: Repository, snapshot: Snapshot
) -> None:
    repository.commit_first()
    repository.append("calc/__init__.py", "z = 3\n")
    published(repository, snapshot, commit=repository.commit("more"), dirty=False)
    patches = overview.full_state(context_of(repository.root), None, local_agent, print).patches
    assert [counts.total for counts in patches.values()] == [1]


@pytest.mark.reliability
def test_a_first_commit_has_neither_patch_coverage_nor_drops(
    repository: Repository, snapshot: Snapshot
) -> None:
    published(repository, snapshot, commit=repository.commit_first(), dirty=False)
    warnings: list[str] = []
    state = overview.full_state(context_of(repository.root), None, local_agent, warnings.append)
    assert (state.patches, state.drops, warnings) == ({}, (), [])


def guarded(after: Counts, measure: str = "security") -> GuardResult:
    drop = compare.Drop(
        measure=measure, before=Counts(100, 90), after=after, limit=Decimal(2), files=()
    )
    comparison = compare.Comparison(suite="calc", numbers=(drop,), gone=(), broken=())
    return GuardResult(suite="calc", assessment=comparison.assessment, comparison=comparison)


def test_only_a_measure_that_fell_too_far_is_a_drop() -> None:
    drops = overview._drops([guarded(Counts(100, 80)), guarded(Counts(100, 90))])
    assert [(drop.suite, drop.measure) for drop in drops] == [("calc", "security")]
