from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from covernance.errors import InputError
from covernance.history.store import (
    Entry,
    decode,
    entry_of,
    group_by_entry,
    group_by_suite,
    select_entries,
)
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.history.samples import COMMIT

ENTRY = Entry("2026-11-21T12:00:00Z", "api", COMMIT, "1-1", "main")


@pytest.mark.architecture
def test_an_entry_is_taken_from_the_snapshots_provenance(result: Callable[..., Snapshot]) -> None:
    assert entry_of(result()) == ENTRY


@pytest.mark.reliability
def test_a_result_without_a_commit_can_not_be_stored(
    result: Callable[..., Snapshot],
) -> None:
    with pytest.raises(InputError, match=r"api: the snapshot has no commit.*git repository"):
        entry_of(result(commit=None))


@pytest.mark.architecture
def test_a_stored_snapshot_is_read_back(result: Callable[..., Snapshot]) -> None:
    assert decode(result().encode(), ENTRY, "here") == result()


@pytest.mark.security
def test_a_result_under_another_name_is_rejected(result: Callable[..., Snapshot]) -> None:
    with pytest.raises(InputError, match="here: holds a result that does not match its name"):
        decode(result(commit="0" * 40).encode(), ENTRY, "here")


@pytest.mark.reliability
def test_the_error_names_the_damaged_snapshot() -> None:
    with pytest.raises(InputError, match="here: is not a snapshot, or is damaged"):
        decode(b"{", ENTRY, "here")


@pytest.mark.architecture
def test_entries_are_selected_by_suite_and_branch_oldest_first() -> None:
    later = msgspec.structs.replace(ENTRY, recorded_at="2026-11-22T12:00:00Z")
    auth = msgspec.structs.replace(ENTRY, suite="auth", branch=None)
    every = [later, auth, ENTRY]
    assert select_entries(every) == [ENTRY, auth, later]
    assert select_entries(every, suite="api") == [ENTRY, later]
    assert select_entries(every, branch="main") == [ENTRY, later]
    assert select_entries(every, suite="auth", branch="main") == []


@pytest.mark.reliability
def test_entries_that_differ_only_in_the_branch_are_ordered() -> None:
    detached = msgspec.structs.replace(ENTRY, branch=None)
    assert select_entries([ENTRY, detached]) == [detached, ENTRY]


@pytest.mark.reliability
def test_the_oldest_result_per_suite_commit_and_run_is_used(
    result: Callable[..., Snapshot],
) -> None:
    later = result(recorded_at="2026-11-22T12:00:00Z", branch=None)
    other = result("auth", recorded_at="2026-11-23T12:00:00Z")
    assert list(group_by_entry([other, later, result()]).items()) == [
        (ENTRY, result()),
        (entry_of(other), other),
    ]


@pytest.mark.architecture
def test_grouping_by_suite_preserves_the_order() -> None:
    entries = [
        msgspec.structs.replace(ENTRY, suite=suite, run_id=run_id)
        for run_id, suite in (("1", "b"), ("2", "a"), ("3", "b"))
    ]
    assert group_by_suite(entries) == {"b": [entries[0], entries[2]], "a": [entries[1]]}
