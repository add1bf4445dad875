from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.counts import Counts
from apps.api.snapshots import (
    InvalidSnapshotError,
    MalformedJsonError,
    Submission,
    parse_snapshot,
)
from tests.unit.api.samples import COMMIT, counts, snapshot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def parse(document: object) -> Submission:
    return parse_snapshot(json.dumps(document).encode(), now=NOW)


def validation_error(document: object) -> InvalidSnapshotError:
    with pytest.raises(InvalidSnapshotError) as caught:
        parse(document)
    return caught.value


def snapshot_with(path: list[str], value: object) -> dict[str, Any]:
    document = snapshot()
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.architecture
def test_a_valid_snapshot_is_parsed() -> None:
    submission = parse(snapshot())

    assert (submission.suite, submission.verdict) == ("api", "pass")
    assert submission.provenance.commit == COMMIT
    assert submission.provenance.recorded_at == datetime(2026, 11, 21, 11, tzinfo=UTC)
    assert submission.total == Counts(100, 90, 20, 18)
    assert submission.themes["security"].tests == 12
    assert submission.themes["security"].earned == Counts(100, 30, 20, 8)


@pytest.mark.architecture
def test_unknown_keys_are_preserved_in_the_document() -> None:
    assert json.loads(parse(snapshot(later={"key": [1, None]})).document) == snapshot(
        later={"key": [1, None]}
    )


@pytest.mark.architecture
def test_a_branch_can_be_absent_or_null() -> None:
    document = snapshot(branch=None)
    assert parse(document).provenance.branch is None

    del document["provenance"]["branch"]
    assert parse(document).provenance.branch is None


@pytest.mark.reliability
@given(st.permutations(list(snapshot())))
def test_order_and_whitespace_do_not_change_the_digest(order: list[str]) -> None:
    document = snapshot()
    other = json.dumps({key: document[key] for key in order}, indent=3).encode()

    assert parse_snapshot(other, now=NOW).digest == parse(document).digest


@pytest.mark.security
@pytest.mark.parametrize(
    ("path", "value"),
    [(["durations", "security"], 1.6), (["total", "taken"], 17), (["later"], None)],
)
def test_any_content_change_changes_the_digest(path: list[str], value: object) -> None:
    assert parse(snapshot_with(path, value)).digest != parse(snapshot()).digest


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("path", "value", "expected_path"),
    [
        (["schema"], 3, "$.schema"),
        (["suite"], 7, "$.suite"),
        (["suite"], "", "$.suite"),
        (["verdict"], "PASS", "$.verdict"),
        (["provenance", "commit"], "main", "$.provenance.commit"),
        (["provenance", "commit"], COMMIT.upper(), "$.provenance.commit"),
        (["provenance", "run_id"], "a" * 65, "$.provenance.run_id"),
        (["provenance", "recorded_at"], "2026-11-21T12:00:00", "$.provenance.recorded_at"),
        (["provenance", "recorded_at"], "yesterday", "$.provenance.recorded_at"),
        (["provenance", "branch"], "", "$.provenance.branch"),
        (["total", "executed"], -1, "$.total.executed"),
        (["total", "executed"], "90", "$.total.executed"),
        (["total"], counts(1, 2), "$.total"),
        (["themes"], [], "$.themes"),
        (["themes", "security", "tests"], 1.5, '$.themes["security"].tests'),
        (["themes", "security", "earned", "taken"], None, '$.themes["security"].earned.taken'),
        (["themes", "security", "raw"], counts(0, 0, 1, 2), '$.themes["security"].raw'),
        (["themes", "security"], 1, '$.themes["security"]'),
        (["themes", "a theme"], {}, "$.themes"),
        (["files", "a.py"], {"total": counts(1, 2)}, '$.files["a.py"].total'),
        (["files", 'a"b.py'], {}, r'$.files["a\"b.py"]'),
    ],
)
def test_an_error_has_the_exact_path_of_the_field(
    path: list[str], value: object, expected_path: str
) -> None:
    error = validation_error(snapshot_with(path, value))

    assert error.path == expected_path
    assert error.detail
    assert "- at" not in error.detail


@pytest.mark.reliability
@pytest.mark.parametrize("field", ["schema", "suite", "verdict", "provenance", "total", "themes"])
def test_a_missing_field_error_names_the_field(field: str) -> None:
    document = snapshot()
    del document[field]

    error = validation_error(document)
    assert error.path == "$"
    assert f"`{field}`" in error.detail


@pytest.mark.reliability
@pytest.mark.parametrize("document", [[], "text", 1, None])
def test_json_that_is_not_an_object_is_an_error_at_the_root(document: object) -> None:
    assert validation_error(document).path == "$"


@pytest.mark.reliability
@pytest.mark.parametrize(
    "recorded_at",
    [
        NOW + timedelta(days=1, seconds=1),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_an_implausible_time_is_rejected(recorded_at: datetime) -> None:
    assert (
        validation_error(snapshot(recorded_at=recorded_at.isoformat())).path
        == "$.provenance.recorded_at"
    )


@pytest.mark.reliability
def test_a_small_clock_difference_is_accepted() -> None:
    recorded_at = NOW + timedelta(days=1)

    assert (
        parse(snapshot(recorded_at=recorded_at.isoformat())).provenance.recorded_at == recorded_at
    )


@pytest.mark.security
@pytest.mark.parametrize("recorded_at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_the_calendar_range_is_rejected(recorded_at: str) -> None:
    assert validation_error(snapshot(recorded_at=recorded_at)).path == "$.provenance.recorded_at"


@pytest.mark.security
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1e400}',
    ],
    ids=[
        "empty",
        "cut",
        "not-utf8",
        "nan",
        "surrogate",
        "cut-deep",
        "deep",
        "big-int",
        "big-float",
    ],
)
def test_json_that_cannot_be_stored_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_snapshot(body, now=NOW)


@pytest.mark.security
@pytest.mark.parametrize("name", ["../x", "a b", "a\n", "é", "<b>", "a/b", "\x00"])
def test_names_with_special_characters_are_rejected(name: str) -> None:
    assert validation_error(snapshot(suite=name)).path == "$.suite"
    assert validation_error(snapshot_with(["themes", name], {})).path == "$.themes"
    assert validation_error(snapshot(run_id=name)).path == "$.provenance.run_id"


@pytest.mark.security
@pytest.mark.parametrize("branch", ["a\x00b", "a\nb", "\x7f", "b" * 256])
def test_a_branch_with_control_characters_or_excessive_length_is_rejected(branch: str) -> None:
    assert validation_error(snapshot(branch=branch)).path == "$.provenance.branch"


@pytest.mark.architecture
@pytest.mark.parametrize("branch", ["feature/ü", "dependabot/npm-1.2", "b" * 255, "a b"])
def test_branch_names_that_git_allows_are_accepted(branch: str) -> None:
    assert parse(snapshot(branch=branch)).provenance.branch == branch


@pytest.mark.security
def test_too_many_themes_are_rejected() -> None:
    theme = snapshot()["themes"]["security"]

    assert parse(snapshot(themes={f"t{n}": theme for n in range(64)}))
    assert validation_error(snapshot(themes={f"t{n}": theme for n in range(65)})).path == "$.themes"


@pytest.mark.reliability
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_parsed_or_rejected_without_a_crash(value: object) -> None:
    try:
        body = msgspec.json.encode(value)
    except (OverflowError, ValueError, UnicodeEncodeError):
        return
    with pytest.raises((InvalidSnapshotError, MalformedJsonError)):
        parse_snapshot(body, now=NOW)
