from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from covernance.errors import InputError, MachineError
from covernance.history.directory import Directory
from covernance.history.store import entry_of
from covernance.history.workflow import (
    encode_lines,
    export,
    find_newest,
    list_new,
    load_history,
    reject_dirty,
    restore,
)
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.history.samples import recorded
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

AT = "2026-11-21T12:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "history")


@pytest.mark.architecture
def test_the_last_results_or_the_given_files_are_loaded(
    repository: Repository, snapshot: Snapshot
) -> None:
    for suite in ("auth", "api"):
        content = msgspec.structs.replace(snapshot, suite=suite).encode().decode()
        path = repository.write(f"coverage/{suite}.snapshot.json", content)
    assert [s.suite for s in load_history((), Layout(repository.root))] == ["api", "auth"]
    assert [s.suite for s in load_history((path,), Layout(repository.root))] == ["api"]


@pytest.mark.security
def test_a_carried_result_is_not_new(repository: Repository, snapshot: Snapshot) -> None:
    source = msgspec.structs.replace(snapshot.provenance, source="carried")
    carried = msgspec.structs.replace(snapshot, suite="auth", provenance=source)
    repository.write("coverage/api.snapshot.json", snapshot.encode().decode())
    path = repository.write("coverage/auth.snapshot.json", carried.encode().decode())
    assert [s.suite for s in load_history((), Layout(repository.root))] == ["api"]
    assert load_history((path,), Layout(repository.root)) == []


@pytest.mark.reliability
def test_nothing_to_load_is_an_error(repository: Repository) -> None:
    with pytest.raises(InputError, match=r"coverage: has no \*\.snapshot\.json; run a suite"):
        load_history((), Layout(repository.root))


@pytest.mark.security
@pytest.mark.parametrize("dirty", [True, None])
def test_results_of_uncommitted_changes_are_rejected(snapshot: Snapshot, *, dirty: bool) -> None:
    reject_dirty([snapshot])
    source = msgspec.structs.replace(snapshot.provenance, dirty=dirty, commit="ab" * 20)
    changed = msgspec.structs.replace(snapshot, provenance=source)
    with pytest.raises(InputError, match=r"api: .* not in commit abababababab; .*--allow-dirty"):
        reject_dirty([snapshot, changed])


@pytest.mark.architecture
def test_the_newest_results_of_a_branch_are_restored(
    repository: Repository, snapshot: Snapshot, store: Directory
) -> None:
    old, new, other = (
        recorded(snapshot, "calc", "3f" * 20, run, branch, f"2026-11-2{day}T12:00:00Z")
        for run, branch, day in (("1-1", "main", 1), ("2-1", "main", 2), ("3-1", "topic", 3))
    )
    gone = recorded(snapshot, "gone", "3f" * 20, "1-1", "main", AT)
    store.add([new, old, other, gone])
    context = context_of(repository.root)
    assert restore(context, store, "main") == [entry_of(new)]
    assert restore(context, store, "main") == [entry_of(new)]
    [path] = (repository.root / "coverage").glob("*.json")
    assert path.read_bytes() == new.encode()


@pytest.mark.reliability
def test_results_of_runs_in_this_checkout_are_not_replaced(
    repository: Repository, snapshot: Snapshot, store: Directory
) -> None:
    store.add([recorded(snapshot, "calc", "3f" * 20, "1-1", "main", AT)])
    path = repository.write("coverage/calc.snapshot.json", "{}")
    with pytest.raises(
        InputError, match=r"calc\.snapshot\.json: is the result of a run in this checkout"
    ):
        restore(context_of(repository.root), store, "main")
    assert path.read_text() == "{}"


@pytest.mark.reliability
def test_a_branch_without_results_is_an_error(repository: Repository, store: Directory) -> None:
    with pytest.raises(InputError, match="no result of branch 'main' is stored"):
        restore(context_of(repository.root), store, "main")


@pytest.mark.architecture
def test_list_new_lists_what_would_be_added(store: Directory, snapshot: Snapshot) -> None:
    known = recorded(snapshot, "api", "ab" * 20, "1", "main", AT)
    again = recorded(snapshot, "api", "ab" * 20, "1", "main", "2026-11-22T12:00:00Z")
    fresh = recorded(snapshot, "auth", "ab" * 20, "1", "main", AT)
    store.add([known])
    expected = [entry_of(fresh)]
    assert list_new(store, [again, fresh, known]) == expected
    assert store.add([again, fresh, known]) == expected


@pytest.mark.architecture
def test_the_newest_result_per_suite_is_found_by_a_commits_first_digits(
    store: Directory, snapshot: Snapshot
) -> None:
    store.add(
        [
            recorded(snapshot, "auth", "abcd" * 10, "1", "main", AT),
            recorded(snapshot, "api", "abcd" * 10, "1", "main", AT),
            recorded(snapshot, "api", "abcd" * 10, "2", "main", "2026-11-22T12:00:00Z"),
            recorded(snapshot, "api", "ef" * 20, "3", "main", "2026-11-23T12:00:00Z"),
        ]
    )
    result = find_newest(store, "abcd", suite=None)
    assert [(entry.suite, entry.run_id) for entry in result] == [("api", "2"), ("auth", "1")]
    assert [entry.suite for entry in find_newest(store, "abcd", suite="auth")] == ["auth"]


@pytest.mark.reliability
def test_a_commit_that_is_unknown_unclear_or_too_short_is_an_error(
    store: Directory, snapshot: Snapshot
) -> None:
    store.add(
        [recorded(snapshot, "api", "abcd" + digit * 36, digit, "main", AT) for digit in ("1", "2")]
    )
    with pytest.raises(
        InputError, match=r"'abcd' matches several commits: abcd1.*, abcd2.*; give more"
    ):
        find_newest(store, "abcd", suite=None)
    with pytest.raises(InputError, match="no snapshot is stored for commit '0000'"):
        find_newest(store, "0000", suite=None)
    with pytest.raises(InputError, match="no snapshot of suite auth is stored for commit 'abcd1'"):
        find_newest(store, "abcd1", suite="auth")
    with pytest.raises(InputError, match="'abc': give at least 4 digits"):
        find_newest(store, "abc", suite=None)


@pytest.mark.architecture
def test_an_export_has_one_complete_snapshot_per_line(
    store: Directory, snapshot: Snapshot, tmp_path: Path
) -> None:
    entries = store.add(
        [recorded(snapshot, "api", "ab" * 20, str(number), "main", AT) for number in range(3)]
    )
    export(store, entries, tmp_path / "out" / "history.jsonl")
    written = (tmp_path / "out" / "history.jsonl").read_bytes()
    assert written == b"".join(encode_lines(store, entries))
    assert [msgspec.json.decode(line, type=Snapshot) for line in written.splitlines()] == [
        store.read(entry) for entry in entries
    ]
    assert list(json.loads(written.splitlines()[0])) == sorted(json.loads(written.splitlines()[0]))


@pytest.mark.reliability
def test_a_failed_export_leaves_the_existing_file(
    store: Directory, snapshot: Snapshot, tmp_path: Path
) -> None:
    entries = store.add([recorded(snapshot, "api", "ab" * 20, "1", "main", AT)])
    target = tmp_path / "history.jsonl"
    export(store, entries, target)
    before = target.read_bytes()
    store.prune(entries)
    with pytest.raises(InputError, match="can't be read"):
        export(store, entries, target)
    assert target.read_bytes() == before
    with pytest.raises(MachineError, match="can't be written"):
        export(store, [], target / "below")
