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


def refusal(document: object) -> InvalidSnapshotError:
    with pytest.raises(InvalidSnapshotError) as caught:
        parse(document)
    return caught.value


def changed(path: list[str], value: object) -> dict[str, Any]:
    document = snapshot()
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.architecture
def test_what_the_hub_relies_on_is_read() -> None:
    submission = parse(snapshot())

    assert (submission.suite, submission.verdict) == ("api", "pass")
    assert submission.provenance.commit == COMMIT
    assert submission.provenance.recorded_at == datetime(2026, 11, 21, 11, tzinfo=UTC)
    assert submission.total == Counts(100, 90, 20, 18)
    assert submission.themes["security"].tests == 12
    assert submission.themes["security"].earned == Counts(100, 30, 20, 8)


@pytest.mark.architecture
def test_the_document_is_kept_whole_with_the_keys_that_are_not_known() -> None:
    assert json.loads(parse(snapshot(later={"key": [1, None]})).document) == snapshot(
        later={"key": [1, None]}
    )


@pytest.mark.architecture
def test_a_branch_may_be_absent_or_null() -> None:
    document = snapshot(branch=None)
    assert parse(document).provenance.branch is None

    del document["provenance"]["branch"]
    assert parse(document).provenance.branch is None


@pytest.mark.reliability
@given(st.permutations(list(snapshot())))
def test_order_and_white_space_do_not_change_the_digest(order: list[str]) -> None:
    document = snapshot()
    other = json.dumps({key: document[key] for key in order}, indent=3).encode()

    assert parse_snapshot(other, now=NOW).digest == parse(document).digest


@pytest.mark.security
@pytest.mark.parametrize(
    ("path", "value"),
    [(["durations", "security"], 1.6), (["total", "taken"], 17), (["later"], None)],
)
def test_any_change_of_content_changes_the_digest(path: list[str], value: object) -> None:
    assert parse(changed(path, value)).digest != parse(snapshot()).digest


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("path", "value", "named"),
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
def test_a_refusal_names_the_bad_field_down_to_the_key(
    path: list[str], value: object, named: str
) -> None:
    error = refusal(changed(path, value))

    assert error.path == named
    assert error.detail
    assert "- at" not in error.detail


@pytest.mark.reliability
@pytest.mark.parametrize("field", ["schema", "suite", "verdict", "provenance", "total", "themes"])
def test_a_missing_field_is_named(field: str) -> None:
    document = snapshot()
    del document[field]

    error = refusal(document)
    assert error.path == "$"
    assert f"`{field}`" in error.detail


@pytest.mark.reliability
@pytest.mark.parametrize("document", [[], "text", 1, None])
def test_json_that_is_no_object_is_refused_at_the_root(document: object) -> None:
    assert refusal(document).path == "$"


@pytest.mark.reliability
@pytest.mark.parametrize(
    "moment",
    [
        NOW + timedelta(days=1, seconds=1),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_a_snapshot_from_the_future_or_from_no_time_is_refused(moment: datetime) -> None:
    assert refusal(snapshot(recorded_at=moment.isoformat())).path == "$.provenance.recorded_at"


@pytest.mark.reliability
def test_a_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    moment = NOW + timedelta(days=1)

    assert parse(snapshot(recorded_at=moment.isoformat())).provenance.recorded_at == moment


@pytest.mark.security
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_beyond_what_a_calendar_holds_is_refused_not_a_crash(moment: str) -> None:
    assert refusal(snapshot(recorded_at=moment)).path == "$.provenance.recorded_at"


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
def test_json_that_cannot_be_kept_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_snapshot(body, now=NOW)


@pytest.mark.security
@pytest.mark.parametrize("name", ["../x", "a b", "a\n", "é", "<b>", "a/b", "\x00"])
def test_names_that_end_up_in_urls_and_pictures_are_plain(name: str) -> None:
    assert refusal(snapshot(suite=name)).path == "$.suite"
    assert refusal(changed(["themes", name], {})).path == "$.themes"
    assert refusal(snapshot(run_id=name)).path == "$.provenance.run_id"


@pytest.mark.security
@pytest.mark.parametrize("branch", ["a\x00b", "a\nb", "\x7f", "b" * 256])
def test_a_branch_holds_no_control_characters_and_has_an_end(branch: str) -> None:
    assert refusal(snapshot(branch=branch)).path == "$.provenance.branch"


@pytest.mark.architecture
@pytest.mark.parametrize("branch", ["feature/ü", "dependabot/npm-1.2", "b" * 255, "a b"])
def test_a_branch_may_be_named_as_git_allows(branch: str) -> None:
    assert parse(snapshot(branch=branch)).provenance.branch == branch


@pytest.mark.security
def test_a_snapshot_has_only_so_many_themes() -> None:
    theme = snapshot()["themes"]["security"]

    assert parse(snapshot(themes={f"t{n}": theme for n in range(64)}))
    assert refusal(snapshot(themes={f"t{n}": theme for n in range(65)})).path == "$.themes"


@pytest.mark.reliability
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_at_all_is_read_or_refused_and_never_a_crash(value: object) -> None:
    try:
        body = msgspec.json.encode(value)
    except (OverflowError, ValueError, UnicodeEncodeError):
        return
    with pytest.raises((InvalidSnapshotError, MalformedJsonError)):
        parse_snapshot(body, now=NOW)
