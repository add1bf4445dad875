from __future__ import annotations

from pathlib import PurePosixPath

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.history import names
from covernance.history.store import Entry
from tests.unit.covernance.history.samples import COMMIT, ENTRIES

ENTRY = Entry("2026-11-21T12:00:00Z", "api", COMMIT, "1234-1", "feature/login")
PATH = f"api/3f/20261121T120000Z-{COMMIT}-1234-1@feature%2Flogin.json"


@pytest.mark.architecture
def test_a_path_contains_the_complete_entry() -> None:
    assert names.path_of(ENTRY) == PATH
    assert names.entry_at(PATH) == ENTRY


@pytest.mark.architecture
def test_a_detached_head_has_no_branch_in_its_path() -> None:
    entry = msgspec.structs.replace(ENTRY, branch=None)
    assert names.path_of(entry).endswith("-1234-1.json")
    assert names.entry_at(names.path_of(entry)) == entry


@pytest.mark.architecture
@given(ENTRIES)
@example(msgspec.structs.replace(ENTRY, branch="日本語" * 30))
@example(msgspec.structs.replace(ENTRY, branch="~/.." * 60))
@example(msgspec.structs.replace(ENTRY, run_id="x.json"))
def test_every_entry_has_a_unique_path(entry: Entry) -> None:
    path = names.path_of(entry)
    assert names.is_snapshot(path)
    assert names.entry_at(path) == entry
    first = PurePosixPath(path).relative_to(names.folder_of(entry)).parts[0]
    assert names.is_run(first, entry)


@pytest.mark.security
@given(ENTRIES)
@example(msgspec.structs.replace(ENTRY, branch=("." * 44 + "/") * 9))
def test_a_path_stays_in_its_root_and_within_file_system_limits(entry: Entry) -> None:
    parts = names.path_of(entry).split("/")
    assert all(part not in {"", ".", ".."} and not part.startswith(".") for part in parts)
    assert all(len(f".{part}.12345678".encode()) <= 255 for part in parts)


@pytest.mark.security
@given(st.text() | st.from_regex(names._STEM).map(lambda stem: f"api/3f/{stem}.json"))
def test_any_name_is_an_entry_or_a_clear_error(path: str) -> None:
    try:
        entry = names.entry_at(path)
    except InputError as error:
        assert repr(path) in str(error)  # noqa: PT017 - either way is right, neither is a crash
    else:
        assert names.path_of(entry) == path


@pytest.mark.security
@pytest.mark.parametrize(
    "path",
    [
        PATH.replace("api/3f", "../3f"),
        PATH.replace("api/3f", "api/4f"),
        PATH.replace("api/3f", "/api/3f"),
        PATH.replace("api/3f", "api/../api/3f"),
        PATH.replace("%2F", "/../"),
        PATH.replace("%2F", "%2f"),
        PATH.replace("%2F", "%1B"),
        PATH.replace("%2F", "%FF"),
        PATH.replace("feature%2Flogin", ""),
        PATH.replace("20261121", "20261321"),
        PATH.replace("20261121", "\u0662\u0660\u0662\u06661121"),
        PATH.replace("1234-1", "1234 1"),
        PATH.removesuffix(".json"),
        "README.json",
        "",
    ],
)
def test_a_name_in_any_other_spelling_is_rejected(path: str) -> None:
    with pytest.raises(InputError, match="is not the name of a snapshot; remove or rename"):
        names.entry_at(path)


@pytest.mark.security
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("suite", "../etc"),
        ("suite", ""),
        ("commit", "HEAD"),
        ("commit", "3F" * 20),
        ("run_id", "a/b"),
        ("run_id", "x" * 65),
        ("recorded_at", "yesterday"),
        ("recorded_at", "2026-11-21T12:00:00+01:00"),
        ("recorded_at", "2026-02-30T12:00:00Z"),
        ("branch", ""),
        ("branch", "main\x1b[2J"),
    ],
)
def test_the_error_names_an_invalid_field(field: str, value: str) -> None:
    entry = msgspec.structs.replace(ENTRY, **{field: value})
    with pytest.raises(InputError, match=f"the snapshot's {field} .* can't be stored"):
        names.path_of(entry)


@pytest.mark.reliability
def test_other_files_are_not_mistaken_for_snapshots() -> None:
    assert names.is_snapshot(PATH)
    for path in ("README.md", ".lock", "api/3f/.half-written.json", ".git/x.json"):
        assert not names.is_snapshot(path)


@pytest.mark.reliability
def test_two_runs_of_one_commit_are_distinguished() -> None:
    name = PurePosixPath(PATH).name
    assert names.is_run(name, ENTRY)
    assert names.is_run(name.replace("20261121", "20261122"), ENTRY)
    assert not names.is_run(name, msgspec.structs.replace(ENTRY, run_id="1234"))
    assert not names.is_run(name, msgspec.structs.replace(ENTRY, commit="3f" + "0" * 38))
    assert not names.is_run("README.md", ENTRY)
