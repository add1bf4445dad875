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
def test_an_entry_is_what_the_snapshot_says_of_its_run(result: Callable[..., Snapshot]) -> None:
    assert entry_of(result()) == ENTRY


@pytest.mark.reliability
def test_a_result_without_a_commit_has_no_place_in_history(
    result: Callable[..., Snapshot],
) -> None:
    with pytest.raises(InputError, match=r"api: the snapshot has no commit.*git repository"):
        entry_of(result(commit=None))


@pytest.mark.architecture
def test_what_was_stored_comes_back(result: Callable[..., Snapshot]) -> None:
    assert decode(result().encode(), ENTRY, "here") == result()


@pytest.mark.security
def test_a_result_under_another_name_is_refused(result: Callable[..., Snapshot]) -> None:
    with pytest.raises(InputError, match="here: holds a result that does not match its name"):
        decode(result(commit="0" * 40).encode(), ENTRY, "here")


@pytest.mark.reliability
def test_damage_is_named_with_its_place() -> None:
    with pytest.raises(InputError, match="here: is not a snapshot, or is damaged"):
        decode(b"{", ENTRY, "here")


@pytest.mark.architecture
def test_entries_are_chosen_by_suite_and_branch_and_come_oldest_first() -> None:
    later = msgspec.structs.replace(ENTRY, recorded_at="2026-11-22T12:00:00Z")
    auth = msgspec.structs.replace(ENTRY, suite="auth", branch=None)
    every = [later, auth, ENTRY]
    assert select_entries(every) == [ENTRY, auth, later]
    assert select_entries(every, suite="api") == [ENTRY, later]
    assert select_entries(every, branch="main") == [ENTRY, later]
    assert select_entries(every, suite="auth", branch="main") == []


@pytest.mark.reliability
def test_entries_that_differ_in_their_branch_alone_have_an_order() -> None:
    detached = msgspec.structs.replace(ENTRY, branch=None)
    assert select_entries([ENTRY, detached]) == [detached, ENTRY]


@pytest.mark.reliability
def test_of_one_suite_commit_and_run_the_oldest_counts(result: Callable[..., Snapshot]) -> None:
    later = result(recorded_at="2026-11-22T12:00:00Z", branch=None)
    other = result("auth", recorded_at="2026-11-23T12:00:00Z")
    assert list(group_by_entry([other, later, result()]).items()) == [
        (ENTRY, result()),
        (entry_of(other), other),
    ]


@pytest.mark.architecture
def test_entries_by_suite_keep_their_order() -> None:
    entries = [
        msgspec.structs.replace(ENTRY, suite=suite, run_id=run_id)
        for run_id, suite in (("1", "b"), ("2", "a"), ("3", "b"))
    ]
    assert group_by_suite(entries) == {"b": [entries[0], entries[2]], "a": [entries[1]]}
