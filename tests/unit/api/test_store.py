from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from apps.api.counts import Counts
from apps.api.database import Database
from apps.api.models import Repo, Snapshot, ThemeResult
from apps.api.snapshots import Submission, parse_snapshot
from apps.api.store import (
    ConflictError,
    NotFoundError,
    RepoKey,
    SnapshotStore,
    UnknownAnchorError,
)
from tests.unit.api.samples import counts, snapshot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACME = RepoKey("acme", "widgets")
GLOBEX = RepoKey("globex", "widgets")


def submission(**changes: object) -> Submission:
    return parse_snapshot(json.dumps(snapshot(**changes)).encode(), now=NOW)


@pytest.fixture
def store(database: Database) -> SnapshotStore:
    return SnapshotStore(database)


def add(store: SnapshotStore, repo: RepoKey = ACME, **changes: object) -> Snapshot:
    return store.add(repo, submission(**changes), received_at=NOW)[0]


def rows(database: Database, table: type[Repo | Snapshot | ThemeResult]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


class TestAdding:
    @pytest.mark.architecture
    def test_a_new_snapshot_can_be_read_back_completely(self, store: SnapshotStore) -> None:
        submitted = submission()
        new, created = store.add(ACME, submitted, received_at=NOW)
        stored = store.get(ACME, new.public_id)

        assert created
        assert stored.document == submitted.document
        assert stored.counts == Counts(100, 90, 20, 18)
        assert (stored.suite, stored.branch, stored.run_id) == ("api", "main", "run-1")
        assert (stored.recorded_at, stored.received_at) == (NOW - timedelta(hours=1), NOW)
        assert [(theme.theme, theme.tests, theme.counts) for theme in stored.themes] == [
            ("reliability", 5, Counts(100, 40, 20, 5)),
            ("security", 12, Counts(100, 30, 20, 8)),
        ]

    @pytest.mark.reliability
    def test_adding_the_same_snapshot_again_returns_the_same_row(
        self, store: SnapshotStore, database: Database
    ) -> None:
        first, _ = store.add(ACME, submission(), received_at=NOW)
        second, created = store.add(ACME, submission(), received_at=NOW + timedelta(days=1))

        assert not created
        assert second.public_id == first.public_id
        assert second.received_at == NOW
        assert rows(database, Snapshot) == 1

    @pytest.mark.reliability
    def test_different_content_for_the_same_run_is_a_conflict(
        self, store: SnapshotStore, database: Database
    ) -> None:
        first = add(store)

        with pytest.raises(ConflictError) as caught:
            add(store, verdict="dropped")
        assert caught.value.public_id == first.public_id
        assert store.get(ACME, first.public_id).verdict == "pass"
        assert rows(database, Snapshot) == 1

    @pytest.mark.architecture
    @pytest.mark.parametrize(
        "changes", [{"suite": "auth"}, {"commit": "f" * 40}, {"run_id": "run-2"}]
    )
    def test_another_suite_commit_or_run_is_another_snapshot(
        self, store: SnapshotStore, changes: dict[str, Any]
    ) -> None:
        assert add(store).public_id != add(store, **changes).public_id

    @pytest.mark.reliability
    def test_concurrent_identical_submissions_create_one_row(
        self, store: SnapshotStore, database: Database
    ) -> None:
        barrier = Barrier(8)
        submitted = submission()

        def send(_: int) -> tuple[str, bool]:
            barrier.wait(60)
            snapshot, created = store.add(ACME, submitted, received_at=NOW)
            return snapshot.public_id, created

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(send, range(8)))

        assert len({public_id for public_id, _ in results}) == 1
        assert sorted(created for _, created in results) == [False] * 7 + [True]
        assert (rows(database, Repo), rows(database, Snapshot)) == (1, 1)

    @pytest.mark.reliability
    def test_after_a_lost_race_the_existing_snapshot_is_returned(
        self, store: SnapshotStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # SQLite allows one writer at a time; other databases may commit in between
        winner: list[Snapshot] = []

        def lose_race() -> NoReturn:
            monkeypatch.undo()
            winner.append(add(store))
            raise IntegrityError("INSERT", {}, Exception("UNIQUE"))

        monkeypatch.setattr(database, "writing", lose_race)
        stored, created = store.add(ACME, submission(), received_at=NOW)

        assert not created
        assert stored.public_id == winner[0].public_id

    @pytest.mark.reliability
    def test_other_errors_are_raised_after_a_few_attempts(
        self, store: SnapshotStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = []

        def broken() -> NoReturn:
            tries.append(1)
            raise IntegrityError("INSERT", {}, Exception("CHECK"))

        monkeypatch.setattr(database, "writing", broken)

        with pytest.raises(IntegrityError):
            store.add(ACME, submission(), received_at=NOW)
        assert len(tries) == 3

    @pytest.mark.reliability
    def test_a_conflict_creates_no_repository(
        self, store: SnapshotStore, database: Database
    ) -> None:
        add(store)
        with pytest.raises(ConflictError):
            add(store, verdict="dropped")

        assert (rows(database, Repo), rows(database, ThemeResult)) == (1, 2)

    @pytest.mark.architecture
    def test_timestamps_are_returned_in_utc(self, store: SnapshotStore) -> None:
        east = NOW.astimezone(timezone(timedelta(hours=14)))

        stored = store.get(ACME, add(store, recorded_at=east.isoformat()).public_id)

        assert stored.recorded_at == NOW
        assert stored.recorded_at.utcoffset() == timedelta(0)

    @pytest.mark.security
    @pytest.mark.parametrize("branch", ["'; DROP TABLE snapshots; --", "%", "_", '"', "ü/\\x"])
    def test_a_branch_is_never_interpreted_as_sql(self, store: SnapshotStore, branch: str) -> None:
        add(store, branch=branch)
        add(store, branch="main", run_id="run-2")

        page = store.page(ACME, branch=branch, limit=10)
        assert [stored.branch for stored in page.snapshots] == [branch]


class TestTenants:
    @pytest.mark.security
    def test_two_tenants_can_have_a_repository_with_the_same_name(
        self, store: SnapshotStore
    ) -> None:
        ours, theirs = add(store, ACME), add(store, GLOBEX, verdict="dropped")

        assert [stored.public_id for stored in store.page(ACME, limit=9).snapshots] == [
            ours.public_id
        ]
        assert store.get(GLOBEX, theirs.public_id).verdict == "dropped"

    @pytest.mark.security
    def test_another_tenants_snapshot_cannot_be_read_by_id(self, store: SnapshotStore) -> None:
        theirs = add(store, GLOBEX)
        add(store, ACME)

        with pytest.raises(NotFoundError):
            store.get(ACME, theirs.public_id)
        with pytest.raises(NotFoundError):
            store.get(RepoKey("globex", "gadgets"), theirs.public_id)

    @pytest.mark.security
    def test_another_tenants_repository_is_not_found(self, store: SnapshotStore) -> None:
        add(store, GLOBEX)

        with pytest.raises(NotFoundError):
            store.page(ACME, limit=9)
        with pytest.raises(NotFoundError):
            store.trend(ACME, suite="api", limit=9)

    @pytest.mark.security
    def test_another_tenants_snapshot_is_an_unknown_anchor(self, store: SnapshotStore) -> None:
        theirs = add(store, GLOBEX)
        add(store, ACME)

        with pytest.raises(UnknownAnchorError):
            store.page(ACME, after=theirs.public_id, limit=9)


class TestPages:
    @pytest.mark.architecture
    def test_the_latest_arrival_is_first(self, store: SnapshotStore) -> None:
        for run in ("a", "b", "c"):
            add(store, run_id=run)

        page = store.page(ACME, limit=2)
        rest = store.page(ACME, after=page.snapshots[-1].public_id, limit=2)

        assert [stored.run_id for stored in page.snapshots] == ["c", "b"]
        assert page.more
        assert [stored.run_id for stored in rest.snapshots] == ["a"]
        assert not rest.more

    @pytest.mark.reliability
    def test_new_arrivals_do_not_change_later_pages(self, store: SnapshotStore) -> None:
        for run in ("a", "b", "c"):
            add(store, run_id=run)
        page = store.page(ACME, limit=2)
        add(store, run_id="d")

        rest = store.page(ACME, after=page.snapshots[-1].public_id, limit=2)

        assert [stored.run_id for stored in rest.snapshots] == ["a"]

    @pytest.mark.architecture
    def test_the_list_can_be_filtered_by_suite_and_branch(self, store: SnapshotStore) -> None:
        add(store, suite="api", branch="main", run_id="1")
        add(store, suite="api", branch="dev", run_id="2")
        add(store, suite="auth", branch="main", run_id="3")

        def runs(**filters: str) -> list[str]:
            return [stored.run_id for stored in store.page(ACME, limit=9, **filters).snapshots]

        assert runs(suite="api") == ["2", "1"]
        assert runs(branch="main") == ["3", "1"]
        assert runs(suite="api", branch="main") == ["1"]
        assert runs(suite="logging") == []

    @pytest.mark.reliability
    def test_an_anchor_outside_the_filter_is_valid(self, store: SnapshotStore) -> None:
        add(store, suite="api", run_id="1")
        anchor = add(store, suite="auth", run_id="2")

        page = store.page(ACME, suite="api", after=anchor.public_id, limit=9)

        assert [stored.run_id for stored in page.snapshots] == ["1"]

    @pytest.mark.reliability
    @given(total=st.integers(1, 7), limit=st.integers(1, 8))
    def test_pages_of_any_size_contain_every_snapshot_once(
        self, migrated_store: SnapshotStore, total: int, limit: int
    ) -> None:
        repo = RepoKey("acme", f"r-{total}-{limit}")
        for run in range(total):
            add(migrated_store, repo, run_id=str(run))
        run_ids: list[str] = []
        after = None
        while True:
            page = migrated_store.page(repo, after=after, limit=limit)
            run_ids += [stored.run_id for stored in page.snapshots]
            if not page.more:
                break
            after = page.snapshots[-1].public_id

        assert run_ids == [str(run) for run in reversed(range(total))]

    @pytest.fixture
    def migrated_store(self, store: SnapshotStore) -> SnapshotStore:
        """One store for all examples; each example uses its own repository."""
        return store


class TestTrends:
    @pytest.mark.architecture
    def test_points_are_ordered_by_recording_time_not_by_arrival(
        self, store: SnapshotStore
    ) -> None:
        for run, hour in (("a", 9), ("b", 7), ("c", 8)):
            add(store, run_id=run, recorded_at=f"2026-11-21T{hour:02}:00:00Z", commit=run * 40)

        points = store.trend(ACME, suite="api", limit=9)

        assert [point.commit[0] for point in points] == ["b", "c", "a"]
        assert points[0].counts == Counts(100, 90, 20, 18)

    @pytest.mark.architecture
    def test_the_trend_of_a_theme_is_its_earned_coverage(self, store: SnapshotStore) -> None:
        add(store)

        (point,) = store.trend(ACME, suite="api", theme="security", limit=9)

        assert point.counts == Counts(100, 30, 20, 8)

    @pytest.mark.reliability
    def test_a_limit_returns_the_latest_points(self, store: SnapshotStore) -> None:
        for hour in range(5):
            add(store, run_id=str(hour), recorded_at=f"2026-11-21T0{hour}:00:00Z")

        points = store.trend(ACME, suite="api", limit=2)

        assert [point.recorded_at.hour for point in points] == [3, 4]

    @pytest.mark.reliability
    def test_points_with_the_same_time_are_in_order_of_arrival(self, store: SnapshotStore) -> None:
        for letter in "abc":
            add(store, run_id=letter, commit=letter * 40)

        points = store.trend(ACME, suite="api", limit=2)

        assert [point.commit[0] for point in points] == ["b", "c"]

    @pytest.mark.architecture
    def test_a_branch_has_its_own_trend(self, store: SnapshotStore) -> None:
        add(store, run_id="1", branch="main", total=counts(10, 9))
        add(store, run_id="2", branch="dev", total=counts(10, 1))

        (point,) = store.trend(ACME, suite="api", branch="main", limit=9)

        assert point.counts.percent == "90.00"

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        ("suite", "theme"), [("auth", None), ("api", "architecture"), ("auth", "security")]
    )
    def test_a_suite_or_theme_without_snapshots_has_no_trend(
        self, store: SnapshotStore, suite: str, theme: str | None
    ) -> None:
        add(store)

        with pytest.raises(NotFoundError):
            store.trend(ACME, suite=suite, theme=theme, limit=9)
