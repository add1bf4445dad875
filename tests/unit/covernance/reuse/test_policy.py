from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from covernance.reuse.evidence import Seen
from covernance.reuse.policy import Present, age, explain_no_reuse, find_reasons_to_run
from tests.unit.covernance.reuse.evidence_samples import sample_evidence

pytestmark = pytest.mark.reliability

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SEEN = Seen(
    read={"a.py": "file 644 aa", "missing.ini": "absent"},
    examined={"tool.sh": "file 644 3"},
    asked={"local.toml": "absent"},
    listed={".": "folder/d:src/f:a.py"},
)
EVIDENCE = sample_evidence(
    suite="api",
    recorded_at="2026-11-20T12:00:00Z",
    settings={"the interpreter": "3.11"},
    seen=SEEN,
    reports={"coverage/api.json": "file 644 bb"},
)
PRESENT = Present(settings=EVIDENCE.settings, seen=EVIDENCE.seen, reports=EVIDENCE.reports, now=NOW)
WEEK = timedelta(days=7)


def test_unchanged_evidence_has_no_reasons_against_reuse() -> None:
    assert find_reasons_to_run(EVIDENCE, PRESENT, WEEK) == ()


@pytest.mark.parametrize(
    ("kind", "path", "state", "reason"),
    [
        ("read", "a.py", "file 644 xx", "a.py changed"),
        ("read", "a.py", "file 755 aa", "a.py changed"),
        ("read", "a.py", "absent", "a.py is gone"),
        ("read", "missing.ini", "file 644 aa", "missing.ini is new; the run looked for it"),
        ("examined", "tool.sh", "file 755 3", "tool.sh changed"),
        ("asked", "local.toml", "file", "local.toml is new; the run looked for it"),
        ("listed", ".", "folder/d:src/f:a.py/f:b.py", "., listed by the run: b.py is new"),
        ("listed", ".", "folder/d:src", "., listed by the run: a.py is gone"),
        (
            *("listed", ".", "folder/d:src/fl:a.py"),
            "., listed by the run: a.py is new, a.py is gone",
        ),
        ("listed", ".", "absent", "., listed by the run: src is gone, a.py is gone"),
    ],
)
def test_changed_path_is_named(kind: str, path: str, state: str, reason: str) -> None:
    states = getattr(SEEN, kind) | {path: state}
    seen = msgspec.structs.replace(SEEN, **{kind: states})
    present = msgspec.structs.replace(PRESENT, seen=seen)
    assert find_reasons_to_run(EVIDENCE, present, WEEK) == (reason,)


def test_path_without_a_current_state_counts_as_gone() -> None:
    present = msgspec.structs.replace(PRESENT, seen=Seen())
    assert "a.py is gone" in find_reasons_to_run(EVIDENCE, present, WEEK)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"the interpreter": "3.12"}, "the interpreter changed"),
        ({}, "the interpreter is gone"),
        (
            {"the interpreter": "3.11", "the environment variable LANG": "x"},
            "the environment variable LANG is new",
        ),
    ],
)
def test_changed_setting_is_named(settings: dict[str, str], reason: str) -> None:
    present = msgspec.structs.replace(PRESENT, settings=settings)
    assert find_reasons_to_run(EVIDENCE, present, WEEK) == (reason,)


def test_another_environment_is_a_single_reason() -> None:
    evidence = msgspec.structs.replace(
        EVIDENCE,
        settings={
            "the path of the environment": "/a",
            "the installed package x-1": "1",
            "the code of covernance": "1",
        },
    )
    settings = {
        "the path of the environment": "/b",
        "the installed package y-1": "1",
        "the code of covernance": "2",
    }
    present = msgspec.structs.replace(PRESENT, settings=settings)
    assert find_reasons_to_run(evidence, present, WEEK) == (
        "it ran in /a, but this environment is /b",
        "the code of covernance changed",
    )


def test_settings_of_an_unknown_environment_are_of_another_one() -> None:
    settings = {"the path of the environment": "/b", "the installed package y-1": "1"}
    present = msgspec.structs.replace(PRESENT, settings=EVIDENCE.settings | settings)
    assert find_reasons_to_run(EVIDENCE, present, WEEK) == (
        "it ran in another environment, but this environment is /b",
    )


def test_settings_of_the_same_environment_are_compared_one_by_one() -> None:
    settings = {"the path of the environment": "/a", "the installed package x-1": "1"}
    evidence = msgspec.structs.replace(EVIDENCE, settings=settings)
    changed = settings | {"the installed package x-1": "2", "the installed package y-1": "1"}
    present = msgspec.structs.replace(PRESENT, settings=changed)
    assert find_reasons_to_run(evidence, present, WEEK) == (
        "the installed package x-1 changed",
        "the installed package y-1 is new",
    )


def test_every_changed_folder_is_named() -> None:
    listed = {"a": "folder/f:x.py", "b": "folder/f:one:two.py", "c": "folder/f:z.py"}
    evidence = msgspec.structs.replace(EVIDENCE, seen=Seen(listed=listed))
    now = {"a": "folder/f:x.py", "b": "folder", "c": "other"}
    seen = Seen(listed=now)
    assert find_reasons_to_run(evidence, msgspec.structs.replace(PRESENT, seen=seen), WEEK) == (
        "b, listed by the run: one:two.py is gone",
        "c, listed by the run: z.py is gone",
    )


def test_a_folder_that_changed_without_its_names_says_changed() -> None:
    evidence = msgspec.structs.replace(EVIDENCE, seen=Seen(listed={"a": "folder"}))
    present = msgspec.structs.replace(PRESENT, seen=Seen(listed={"a": "link"}))
    assert find_reasons_to_run(evidence, present, WEEK) == ("a, listed by the run: changed",)


def test_changed_report_is_named() -> None:
    present = msgspec.structs.replace(PRESENT, reports={"coverage/api.json": "file 644 xx"})
    assert find_reasons_to_run(EVIDENCE, present, WEEK) == (
        "coverage/api.json: the report was deleted or changed since the run",
    )


def test_refusal_prevents_reuse() -> None:
    evidence = msgspec.structs.replace(EVIDENCE, refusals=("it connected to 192.0.2.1:80",))
    assert find_reasons_to_run(evidence, PRESENT, WEEK) == ("it connected to 192.0.2.1:80",)


@pytest.mark.parametrize(
    ("recorded_at", "most", "reason"),
    [
        ("2026-11-13T11:59:59Z", 7, "it is 8 days old; max-age-days allows 7"),
        ("2026-11-20T12:00:00Z", 0, "it is 1 day old; max-age-days allows 0"),
        ("2026-11-21T12:00:01Z", 7, "its time is invalid: '2026-11-21T12:00:01Z'"),
        ("yesterday", 7, "its time is invalid: 'yesterday'"),
    ],
)
def test_age_is_limited(recorded_at: str, most: int, reason: str) -> None:
    evidence = msgspec.structs.replace(EVIDENCE, recorded_at=recorded_at)
    assert find_reasons_to_run(evidence, PRESENT, timedelta(days=most)) == (reason,)


@pytest.mark.parametrize(
    "recorded_at", ["2026-11-14T12:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T11:59:59Z"]
)
def test_result_is_reused_from_its_own_second_to_exactly_the_maximum_age(recorded_at: str) -> None:
    evidence = msgspec.structs.replace(EVIDENCE, recorded_at=recorded_at)
    assert find_reasons_to_run(evidence, PRESENT, WEEK) == ()


def test_time_without_a_zone_is_utc() -> None:
    assert age("2026-11-21T11:00:00", NOW) == timedelta(hours=1)


@pytest.mark.security
@pytest.mark.parametrize(
    ("environ", "refused"),
    [
        ({}, False),
        ({"CI": "false"}, False),
        ({"CI": "0"}, False),
        ({"GITHUB_EVENT_NAME": "schedule"}, True),
        ({"CI": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "main"}, True),
        ({"CI": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "feature"}, False),
        ({"CI": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF_NAME": "1/merge"}, False),
        ({"CI": "true", "GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF_NAME": "q"}, False),
        ({"CI": "true"}, True),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main"}, True),
    ],
)
def test_scheduled_and_default_branch_runs_measure(
    environ: dict[str, str], *, refused: bool
) -> None:
    assert bool(explain_no_reuse(environ, "main")) is refused


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        (
            {"GITHUB_EVENT_NAME": "schedule"},
            "scheduled runs measure every suite; pass --reuse to reuse results",
        ),
        (
            {"CI": "true"},
            "in CI, runs of the default branch measure every suite; pass --reuse to reuse results",
        ),
    ],
)
def test_reason_says_which_runs_measure_and_how_to_reuse(
    environ: dict[str, str], reason: str
) -> None:
    assert explain_no_reuse(environ, "main") == reason
