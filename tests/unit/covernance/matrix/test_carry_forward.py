from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.collect.command import command
from covernance.config import Table, load
from covernance.errors import Exit, InputError
from covernance.history.directory import Directory
from covernance.history.store import Entry, StoreListing, entry_of, group_by_suite
from covernance.layout import Layout
from covernance.matrix import carry_forward, jobs
from covernance.matrix.carry_forward import NotCarried
from covernance.matrix.jobs import Decision, LeftOut, Plan
from covernance.model.snapshot import Origin, Snapshot, read
from covernance.model.suite_result import SuiteResult
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COMMIT = "a" * 40

Make = Callable[..., Snapshot]


@pytest.fixture
def table(repository: Repository) -> Table:
    text = (repository.root / "pyproject.toml").read_text()
    repository.write("pyproject.toml", text.replace("fail-under = 90", "fail-under = 75"))
    return load(repository.root)


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "history")


@pytest.fixture
def store_result(snapshot: Snapshot, table: Table, store: Directory) -> Make:
    """Store a passing result of `calc` at 75 %, with the given changes."""

    def keep(*, verdict: str = "pass", **source: object) -> Snapshot:
        cells = dict.fromkeys(table.themes, snapshot.themes["security"])
        given = {"commit": COMMIT, "config": table.digest(), **source}
        result = msgspec.structs.replace(
            snapshot,
            suite="calc",
            verdict=verdict,
            reasons=(),
            themes=cells,
            provenance=msgspec.structs.replace(snapshot.provenance, **given),
        )
        store.add([result])
        return result

    return keep


def find(table: Table, store: Directory, now: datetime = NOW) -> Entry | NotCarried:
    context = context_of(table, now=now)
    commits = ["b" * 40, COMMIT, "c" * 40]
    return carry_forward.find(context, table.suites[0], StoreListing(store), commits)


def test_nearest_result_is_found(table: Table, store: Directory, store_result: Make) -> None:
    store_result(commit="c" * 40, run_id="2")
    nearest = store_result()
    assert find(table, store) == entry_of(nearest)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"verdict": "below-floor"}, "is below-floor"),
        ({"dirty": True}, "was measured with uncommitted changes"),
        ({"dirty": None}, "was measured with uncommitted changes"),
        ({"config": "other"}, "was measured with another table"),
        ({"commit": "d" * 40}, "no stored result for the base commit or any commit before it"),
    ],
)
def test_unusable_result_is_not_carried(
    table: Table, store: Directory, store_result: Make, changes: dict[str, object], reason: str
) -> None:
    store_result(**changes)
    found = find(table, store)
    assert isinstance(found, NotCarried)
    assert reason in found.reason


def test_result_is_carried_until_it_exceeds_the_limit(
    table: Table, store: Directory, store_result: Make
) -> None:
    store_result()
    recorded = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert isinstance(find(table, store, recorded + timedelta(days=14)), Entry)
    found = find(table, store, recorded + timedelta(days=14, seconds=1))
    assert found == NotCarried(
        f"its result of {COMMIT[:12]} is 14 days old, the limit is 14 (carry-days)"
    )


def test_age_of_a_reused_result_is_that_of_its_origin(
    table: Table, store: Directory, store_result: Make
) -> None:
    store_result(source="reused", origin=Origin(COMMIT, "2026-11-01T12:00:00Z"))
    found = find(table, store)
    assert isinstance(found, NotCarried)
    assert "is 23 days old" in found.reason


def why_unusable(table: Table, stored: Snapshot) -> str:
    return carry_forward._why_unusable(context_of(table, now=NOW), stored)


def of(result: Snapshot, recorded_at: str) -> Snapshot:
    source = msgspec.structs.replace(result.provenance, recorded_at=recorded_at)
    return msgspec.structs.replace(result, provenance=source)


def test_invalid_time_is_an_error(table: Table, store_result: Make) -> None:
    with pytest.raises(InputError, match="the result of calc: 'yesterday' is not a time"):
        why_unusable(table, of(store_result(), "yesterday"))


def test_time_without_a_zone_is_utc(table: Table, store_result: Make) -> None:
    assert why_unusable(table, of(store_result(), "2026-11-10T12:00:00")) == ""
    assert "14 days old" in why_unusable(table, of(store_result(), "2026-11-10T11:59:59"))


def test_result_from_the_future_is_not_carried(table: Table, store_result: Make) -> None:
    assert "in the future" in why_unusable(table, of(store_result(), "2026-11-24T12:00:01Z"))


def publish_all_carried(
    table: Table,
    store: Directory,
    plan: Plan,
    environ: Mapping[str, str] | None = None,
    now: datetime = NOW,
) -> tuple[list[SuiteResult], dict[str, str]]:
    return carry_forward.publish_all_carried(
        context_of(table, environ, now), plan, StoreListing(store)
    )


def plan_of(table: Table, stored: Snapshot) -> Plan:
    return Plan(
        commit="e" * 40,
        config=table.digest(),
        jobs=(),
        left_out={"calc": LeftOut("untouched", entry_of(stored))},
    )


def test_carried_result_is_checked_again_and_labelled(
    table: Table, store: Directory, store_result: Make
) -> None:
    plan = plan_of(table, store_result())
    ((result,), refused) = publish_all_carried(table, store, plan)
    assert (result.exit, result.published, refused) == (Exit.PASS, (), {})
    source = read(Layout(table.root).snapshot("calc")).provenance
    assert (source.source, source.carried_at) == ("carried", "2026-11-24T12:00:00Z")

    ((result,), _) = publish_all_carried(table, store, plan, {"COVERAGE_FAIL_UNDER": "76"})
    assert result.exit is Exit.GATE
    assert result.snapshot.floor.percent == "76"


@pytest.mark.reliability
def test_store_is_listed_once_for_all_left_out_suites(
    table: Table, store: Directory, store_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store_result()
    again = msgspec.structs.replace(table.suites[0], name="again")
    store.add([msgspec.structs.replace(first, suite="again")])
    left = {name: LeftOut("", entry) for name, (entry,) in group_by_suite(store.entries()).items()}
    plan = msgspec.structs.replace(plan_of(table, first), left_out=left)
    both = msgspec.structs.replace(table, suites=(*table.suites, again))
    plan = msgspec.structs.replace(plan, config=both.digest())
    listed = [store.entries()]
    monkeypatch.setattr(store, "entries", listed.pop)
    assert set(publish_all_carried(both, store, plan)[1]) == {
        "calc",
        "again",
    }
    assert listed == []


def test_result_that_is_gone_or_too_old_is_not_published(
    table: Table, store: Directory, store_result: Make
) -> None:
    plan = plan_of(table, store_result())
    later = NOW + timedelta(days=12)
    assert "is 15 days old" in publish_all_carried(table, store, plan, now=later)[1]["calc"]
    store.prune(store.entries())
    assert "is no longer stored" in publish_all_carried(table, store, plan)[1]["calc"]


def test_plan_of_another_table_or_without_a_suite_is_rejected(
    table: Table, store: Directory, store_result: Make
) -> None:
    plan = plan_of(table, store_result())
    with pytest.raises(InputError, match="the plan was made for another table"):
        publish_all_carried(table, store, msgspec.structs.replace(plan, config=""))
    gap = msgspec.structs.replace(plan, left_out={})
    unknown = {"calc": "not part of the plan"}
    assert publish_all_carried(table, store, gap) == ([], unknown)


def test_plan_stores_reasons_and_the_results_of_left_out_suites(
    table: Table, store: Directory, store_result: Make
) -> None:
    entry = entry_of(store_result())
    left_out = jobs.plan_jobs(table, StoreListing(store), {"calc": Decision(("untouched",), entry)})
    assert left_out.jobs == ()
    assert left_out.left_out == {"calc": LeftOut("untouched", entry)}
    assert jobs.read(jobs.write(left_out, Layout(table.root))) == left_out
    running = jobs.plan_jobs(table, StoreListing(store), {"calc": Decision(("touched", "twice"))})
    assert [job.name for job in running.jobs] == ["calc"]
    assert running.reasons == {"calc": ("touched", "twice")}


def test_collect_labels_carried_results_and_fails_without_them(
    table: Table, store_result: Make, repository: Repository
) -> None:
    result = store_result(recorded_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    history = Directory(repository.root / "coverage/history")
    history.add([result])
    jobs.write(plan_of(table, result), Layout(table.root))

    def collect() -> Result:
        return CliRunner().invoke(
            command, ["nothing-arrived"], standalone_mode=False, catch_exceptions=False
        )

    done = collect()
    assert done.return_value is Exit.PASS
    carried_from = f"carried from {COMMIT[:12]}, 0 min old"
    assert f"calc: {carried_from}; its data and reports are not available" in done.stdout
    assert "baseline: not written: no data for calc (carried)" in done.stdout
    assert f"from pyproject.toml); {carried_from}\n" in done.stdout
    history.prune(history.entries())
    done = collect()
    assert done.return_value is Exit.GATE
    assert (
        "calc: did not run; no earlier result can be used: its result of aaaaaaaaaaaa"
        in done.stderr
    )
