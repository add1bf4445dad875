"""The snapshot store. Every query is limited to one tenant."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload, undefer

from apps.api.counts import Counts
from apps.api.database import Database
from apps.api.models import Repo, Snapshot, ThemeResult
from apps.api.snapshots import Submission

# one retry if another request creates the repository first, one if it adds the snapshot first
_ATTEMPTS: Final = 3


class RepoKey(Struct, frozen=True):
    """A repository, identified by tenant and name."""

    tenant: str
    name: str


class NotFoundError(Exception):
    """The tenant has no such repository, suite, theme or snapshot."""


class ConflictError(Exception):
    """The same run has already sent a different snapshot, whose id is `public_id`."""

    def __init__(self, public_id: str) -> None:
        """Store the id of the existing snapshot."""
        super().__init__(public_id)
        self.public_id = public_id


class UnknownAnchorError(Exception):
    """The requested page starts after a snapshot that does not exist."""


class Page(Struct, frozen=True):
    """Snapshots in order of arrival, newest first; ``more`` is True if older ones follow."""

    snapshots: list[Snapshot]
    more: bool


class Point(Struct, frozen=True):
    """One point of a trend."""

    recorded_at: datetime
    commit: str
    counts: Counts


class SnapshotStore:
    """Stores snapshots in a database and finds them."""

    def __init__(self, database: Database) -> None:
        """Use a database whose schema is up to date."""
        self._database = database

    def add(
        self, repo: RepoKey, submission: Submission, *, received_at: datetime
    ) -> tuple[Snapshot, bool]:
        """Store a snapshot once, even if it is sent repeatedly or concurrently.

        A snapshot is identified by repository, suite, commit and run.

        Returns:
            The snapshot, and whether it is new.

        Raises:
            ConflictError: The same run has already sent different content.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._database.writing() as session:
                    return _add(session, repo, submission, received_at)
            except IntegrityError:
                # a concurrent request was faster; the next attempt sees its rows
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def get(self, repo: RepoKey, public_id: str) -> Snapshot:
        """Return a snapshot with its document.

        Raises:
            NotFoundError: The tenant's repository has no such snapshot.
        """
        query = (
            _of_repo(repo)
            .where(Snapshot.public_id == public_id)
            .options(undefer(Snapshot.document), selectinload(Snapshot.themes))
        )
        with self._database.reading() as session:
            snapshot = session.scalar(query)
        if snapshot is None:
            raise NotFoundError
        return snapshot

    def page(
        self,
        repo: RepoKey,
        *,
        suite: str | None = None,
        branch: str | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page:
        """Return the newest snapshots, or those that arrived before the snapshot `after`.

        Raises:
            NotFoundError: The tenant has no such repository.
            UnknownAnchorError: The repository has no snapshot `after`.
        """
        query = _filtered(_of_repo(repo), suite, branch)
        with self._database.reading() as session:
            _require_repo(session, repo)
            if after is not None:
                anchor = session.scalar(
                    _of_repo(repo).where(Snapshot.public_id == after).with_only_columns(Snapshot.id)
                )
                if anchor is None:
                    raise UnknownAnchorError
                query = query.where(Snapshot.id < anchor)
            rows = session.scalars(
                query.order_by(Snapshot.id.desc())
                .limit(limit + 1)
                .options(selectinload(Snapshot.themes))
            ).all()
        return Page(list(rows[:limit]), len(rows) > limit)

    def trend(
        self,
        repo: RepoKey,
        *,
        suite: str,
        theme: str | None = None,
        branch: str | None = None,
        limit: int,
    ) -> list[Point]:
        """Return the latest points of a suite, or of a theme's earned coverage, oldest first.

        Raises:
            NotFoundError: The tenant's repository has no snapshot of that suite and theme.
        """
        source = Snapshot if theme is None else ThemeResult
        query = _filtered(_of_repo(repo), suite, branch).with_only_columns(
            Snapshot.recorded_at,
            Snapshot.commit_sha,
            source.statements,
            source.executed,
            source.branches,
            source.taken,
        )
        if theme is not None:
            query = query.join(ThemeResult).where(ThemeResult.theme == theme)
        query = query.order_by(Snapshot.recorded_at.desc(), Snapshot.id.desc()).limit(limit)
        with self._database.reading() as session:
            rows = session.execute(query).all()
        if not rows:
            raise NotFoundError
        return [Point(row[0], row[1], Counts(*row[2:])) for row in reversed(rows)]


def _add(
    session: Session, repo: RepoKey, submission: Submission, received_at: datetime
) -> tuple[Snapshot, bool]:
    provenance = submission.provenance
    existing = session.scalar(
        _of_repo(repo)
        .where(
            Snapshot.suite == submission.suite,
            Snapshot.commit_sha == provenance.commit,
            Snapshot.run_id == provenance.run_id,
        )
        .options(selectinload(Snapshot.themes))
    )
    if existing is not None:
        if existing.digest != submission.digest:
            raise ConflictError(existing.public_id)
        return existing, False
    repo_row = session.scalar(
        select(Repo).where(Repo.tenant == repo.tenant, Repo.name == repo.name)
    )
    if repo_row is None:
        repo_row = Repo(tenant=repo.tenant, name=repo.name)
        session.add(repo_row)
        session.flush()
    new = Snapshot(
        public_id=uuid.uuid4().hex,
        repo_id=repo_row.id,
        suite=submission.suite,
        commit_sha=provenance.commit,
        run_id=provenance.run_id,
        branch=provenance.branch,
        verdict=submission.verdict,
        recorded_at=provenance.recorded_at,
        received_at=received_at,
        digest=submission.digest,
        document=submission.document,
        themes=[
            ThemeResult(theme=name, tests=theme.tests, **_columns(theme.earned))
            for name, theme in sorted(submission.themes.items())
        ],
        **_columns(submission.total),
    )
    session.add(new)
    session.flush()
    return new, True


def _columns(counts: Counts) -> dict[str, int]:
    return {field: getattr(counts, field) for field in counts.__struct_fields__}


def _of_repo(repo: RepoKey) -> Select[Snapshot]:
    return (
        select(Snapshot)
        .join(Repo, Repo.id == Snapshot.repo_id)
        .where(Repo.tenant == repo.tenant, Repo.name == repo.name)
    )


def _filtered(query: Select[Snapshot], suite: str | None, branch: str | None) -> Select[Snapshot]:
    if suite is not None:
        query = query.where(Snapshot.suite == suite)
    if branch is not None:
        query = query.where(Snapshot.branch == branch)
    return query


def _require_repo(session: Session, repo: RepoKey) -> None:
    if (
        session.scalar(select(Repo.id).where(Repo.tenant == repo.tenant, Repo.name == repo.name))
        is None
    ):
        raise NotFoundError
