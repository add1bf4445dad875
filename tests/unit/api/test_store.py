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
    def test_a_new_snapshot_can_be_read_back_whole(self, store: SnapshotStore) -> None:
        sent = submission()
        added, created = store.add(ACME, sent, received_at=NOW)
        found = store.get(ACME, added.public_id)

        assert created
        assert found.document == sent.document
        assert found.counts == Counts(100, 90, 20, 18)
        assert (found.suite, found.branch, found.run_id) == ("api", "main", "run-1")
        assert (found.recorded_at, found.received_at) == (NOW - timedelta(hours=1), NOW)
        assert [(theme.theme, theme.tests, theme.counts) for theme in found.themes] == [
            ("reliability", 5, Counts(100, 40, 20, 5)),
            ("security", 12, Counts(100, 30, 20, 8)),
        ]

    @pytest.mark.reliability
    def test_the_same_snapshot_again_is_the_same_row(
        self, store: SnapshotStore, database: Database
    ) -> None:
        first, _ = store.add(ACME, submission(), received_at=NOW)
        again, created = store.add(ACME, submission(), received_at=NOW + timedelta(days=1))

        assert not created
        assert again.public_id == first.public_id
        assert again.received_at == NOW
        assert rows(database, Snapshot) == 1

    @pytest.mark.reliability
    def test_other_content_of_the_same_run_is_a_conflict(
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
    def test_suite_commit_and_run_make_it_another_snapshot(
        self, store: SnapshotStore, changes: dict[str, Any]
    ) -> None:
        assert add(store).public_id != add(store, **changes).public_id

    @pytest.mark.reliability
    def test_many_at_once_give_one_row(self, store: SnapshotStore, database: Database) -> None:
        together = Barrier(8)
        sent = submission()

        def send(_: int) -> tuple[str, bool]:
            together.wait(60)
            snapshot, created = store.add(ACME, sent, received_at=NOW)
            return snapshot.public_id, created

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(8)))

        assert len({public_id for public_id, _ in answers}) == 1
        assert sorted(created for _, created in answers) == [False] * 7 + [True]
        assert (rows(database, Repo), rows(database, Snapshot)) == (1, 1)

    @pytest.mark.reliability
    def test_a_race_that_is_lost_ends_with_the_winner_s_snapshot(
        self, store: SnapshotStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # SQLite lets one writer in at a time; elsewhere the other may commit in between
        winner: list[Snapshot] = []

        def beaten() -> NoReturn:
            monkeypatch.undo()
            winner.append(add(store))
            raise IntegrityError("INSERT", {}, Exception("UNIQUE"))

        monkeypatch.setattr(database, "writing", beaten)
        found, created = store.add(ACME, submission(), received_at=NOW)

        assert not created
        assert found.public_id == winner[0].public_id

    @pytest.mark.reliability
    def test_an_error_that_is_no_race_is_not_tried_for_ever(
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
    def test_a_conflict_leaves_no_repository_behind(
        self, store: SnapshotStore, database: Database
    ) -> None:
        add(store)
        with pytest.raises(ConflictError):
            add(store, verdict="dropped")

        assert (rows(database, Repo), rows(database, ThemeResult)) == (1, 2)

    @pytest.mark.architecture
    def test_moments_are_the_same_in_any_zone(self, store: SnapshotStore) -> None:
        east = NOW.astimezone(timezone(timedelta(hours=14)))

        found = store.get(ACME, add(store, recorded_at=east.isoformat()).public_id)

        assert found.recorded_at == NOW
        assert found.recorded_at.utcoffset() == timedelta(0)

    @pytest.mark.security
    @pytest.mark.parametrize("branch", ["'; DROP TABLE snapshots; --", "%", "_", '"', "ü/\\x"])
    def test_a_branch_is_a_value_whatever_it_looks_like(
        self, store: SnapshotStore, branch: str
    ) -> None:
        add(store, branch=branch)
        add(store, branch="main", run_id="run-2")

        page = store.page(ACME, branch=branch, limit=10)
        assert [found.branch for found in page.snapshots] == [branch]


class TestTenants:
    @pytest.mark.security
    def test_two_tenants_may_have_a_repository_of_the_same_name(self, store: SnapshotStore) -> None:
        ours, theirs = add(store, ACME), add(store, GLOBEX, verdict="dropped")

        assert [found.public_id for found in store.page(ACME, limit=9).snapshots] == [
            ours.public_id
        ]
        assert store.get(GLOBEX, theirs.public_id).verdict == "dropped"

    @pytest.mark.security
    def test_another_tenant_s_snapshot_is_not_found_by_its_id(self, store: SnapshotStore) -> None:
        theirs = add(store, GLOBEX)
        add(store, ACME)

        with pytest.raises(NotFoundError):
            store.get(ACME, theirs.public_id)
        with pytest.raises(NotFoundError):
            store.get(RepoKey("globex", "gadgets"), theirs.public_id)

    @pytest.mark.security
    def test_another_tenant_s_repository_is_not_there(self, store: SnapshotStore) -> None:
        add(store, GLOBEX)

        with pytest.raises(NotFoundError):
            store.page(ACME, limit=9)
        with pytest.raises(NotFoundError):
            store.trend(ACME, suite="api", limit=9)

    @pytest.mark.security
    def test_another_tenant_s_snapshot_is_no_anchor(self, store: SnapshotStore) -> None:
        theirs = add(store, GLOBEX)
        add(store, ACME)

        with pytest.raises(UnknownAnchorError):
            store.page(ACME, after=theirs.public_id, limit=9)


class TestPages:
    @pytest.mark.architecture
    def test_the_last_to_arrive_comes_first(self, store: SnapshotStore) -> None:
        for run in ("a", "b", "c"):
            add(store, run_id=run)

        page = store.page(ACME, limit=2)
        rest = store.page(ACME, after=page.snapshots[-1].public_id, limit=2)

        assert [found.run_id for found in page.snapshots] == ["c", "b"]
        assert page.more
        assert [found.run_id for found in rest.snapshots] == ["a"]
        assert not rest.more

    @pytest.mark.reliability
    def test_what_arrives_meanwhile_neither_repeats_nor_hides_anything(
        self, store: SnapshotStore
    ) -> None:
        for run in ("a", "b", "c"):
            add(store, run_id=run)
        page = store.page(ACME, limit=2)
        add(store, run_id="d")

        rest = store.page(ACME, after=page.snapshots[-1].public_id, limit=2)

        assert [found.run_id for found in rest.snapshots] == ["a"]

    @pytest.mark.architecture
    def test_suite_and_branch_narrow_the_list(self, store: SnapshotStore) -> None:
        add(store, suite="api", branch="main", run_id="1")
        add(store, suite="api", branch="dev", run_id="2")
        add(store, suite="auth", branch="main", run_id="3")

        def runs(**wanted: str) -> list[str]:
            return [found.run_id for found in store.page(ACME, limit=9, **wanted).snapshots]

        assert runs(suite="api") == ["2", "1"]
        assert runs(branch="main") == ["3", "1"]
        assert runs(suite="api", branch="main") == ["1"]
        assert runs(suite="logging") == []

    @pytest.mark.reliability
    def test_an_anchor_outside_the_filter_still_marks_a_place(self, store: SnapshotStore) -> None:
        add(store, suite="api", run_id="1")
        anchor = add(store, suite="auth", run_id="2")

        page = store.page(ACME, suite="api", after=anchor.public_id, limit=9)

        assert [found.run_id for found in page.snapshots] == ["1"]

    @pytest.mark.reliability
    @given(total=st.integers(1, 7), limit=st.integers(1, 8))
    def test_pages_of_any_size_show_everything_once(
        self, migrated_store: SnapshotStore, total: int, limit: int
    ) -> None:
        repo = RepoKey("acme", f"r-{total}-{limit}")
        for run in range(total):
            add(migrated_store, repo, run_id=str(run))
        seen: list[str] = []
        after = None
        while True:
            page = migrated_store.page(repo, after=after, limit=limit)
            seen += [found.run_id for found in page.snapshots]
            if not page.more:
                break
            after = page.snapshots[-1].public_id

        assert seen == [str(run) for run in reversed(range(total))]

    @pytest.fixture
    def migrated_store(self, store: SnapshotStore) -> SnapshotStore:
        """One store for all examples: each uses a repository of its own."""
        return store


class TestTrends:
    @pytest.mark.architecture
    def test_points_come_in_the_order_of_recording_not_of_arrival(
        self, store: SnapshotStore
    ) -> None:
        for run, hour in (("a", 9), ("b", 7), ("c", 8)):
            add(store, run_id=run, recorded_at=f"2026-11-21T{hour:02}:00:00Z", commit=run * 40)

        points = store.trend(ACME, suite="api", limit=9)

        assert [point.commit[0] for point in points] == ["b", "c", "a"]
        assert points[0].counts == Counts(100, 90, 20, 18)

    @pytest.mark.architecture
    def test_the_trend_of_a_theme_is_what_it_earned(self, store: SnapshotStore) -> None:
        add(store)

        (point,) = store.trend(ACME, suite="api", theme="security", limit=9)

        assert point.counts == Counts(100, 30, 20, 8)

    @pytest.mark.reliability
    def test_a_limit_keeps_the_latest_points(self, store: SnapshotStore) -> None:
        for hour in range(5):
            add(store, run_id=str(hour), recorded_at=f"2026-11-21T0{hour}:00:00Z")

        points = store.trend(ACME, suite="api", limit=2)

        assert [point.recorded_at.hour for point in points] == [3, 4]

    @pytest.mark.reliability
    def test_points_of_one_moment_keep_the_order_of_arrival(self, store: SnapshotStore) -> None:
        for letter in "abc":
            add(store, run_id=letter, commit=letter * 40)

        points = store.trend(ACME, suite="api", limit=2)

        assert [point.commit[0] for point in points] == ["b", "c"]

    @pytest.mark.architecture
    def test_a_branch_has_a_trend_of_its_own(self, store: SnapshotStore) -> None:
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
