"""Snapshots at rest; every question and every answer is bounded by one tenant."""

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

# a race for a new repository can lose once, one for the snapshot in it once more
_ATTEMPTS: Final = 3


class RepoKey(Struct, frozen=True):
    """A repository, named within its tenant."""

    tenant: str
    name: str


class NotFoundError(Exception):
    """The tenant has no such repository, suite, theme or snapshot."""


class ConflictError(Exception):
    """The same run has sent another snapshot before; `public_id` is that one's."""

    def __init__(self, public_id: str) -> None:
        """Remember the snapshot that is in the way."""
        super().__init__(public_id)
        self.public_id = public_id


class UnknownAnchorError(Exception):
    """A page is asked for that begins after a snapshot that is not there."""


class Page(Struct, frozen=True):
    """Snapshots in order of arrival, newest first; ``more`` tells whether older ones follow."""

    snapshots: list[Snapshot]
    more: bool


class Point(Struct, frozen=True):
    """One point of a trend."""

    recorded_at: datetime
    commit: str
    counts: Counts


class SnapshotStore:
    """The snapshots in a database."""

    def __init__(self, database: Database) -> None:
        """Bind the store to a database whose schema is up to date."""
        self._database = database

    def add(
        self, repo: RepoKey, submission: Submission, *, received_at: datetime
    ) -> tuple[Snapshot, bool]:
        """Store a snapshot once, however often and by how many at a time it is sent.

        Repository, suite, commit and run identify it.

        Returns:
            The snapshot, and whether it is new.

        Raises:
            ConflictError: The same run sent other content before.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._database.writing() as session:
                    return _add(session, repo, submission, received_at)
            except IntegrityError:
                # someone else was faster; now what they wrote can be seen
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def get(self, repo: RepoKey, public_id: str) -> Snapshot:
        """Return a snapshot with its document.

        Raises:
            NotFoundError: The tenant's repository has no such snapshot.
        """
        wanted = (
            _of_repo(repo)
            .where(Snapshot.public_id == public_id)
            .options(undefer(Snapshot.document), selectinload(Snapshot.themes))
        )
        with self._database.reading() as session:
            found = session.scalar(wanted)
        if found is None:
            raise NotFoundError
        return found

    def page(
        self,
        repo: RepoKey,
        *,
        suite: str | None = None,
        branch: str | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page:
        """Return the newest snapshots, or those that arrived before the one named `after`.

        Raises:
            NotFoundError: The tenant has no such repository.
            UnknownAnchorError: The repository has no snapshot `after`.
        """
        wanted = _filtered(_of_repo(repo), suite, branch)
        with self._database.reading() as session:
            _require_repo(session, repo)
            if after is not None:
                anchor = session.scalar(
                    _of_repo(repo).where(Snapshot.public_id == after).with_only_columns(Snapshot.id)
                )
                if anchor is None:
                    raise UnknownAnchorError
                wanted = wanted.where(Snapshot.id < anchor)
            rows = session.scalars(
                wanted.order_by(Snapshot.id.desc())
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
        """Return the last points of a suite, or of what a theme earned in it, oldest first.

        Raises:
            NotFoundError: The tenant's repository has no snapshot of that suite and theme.
        """
        source = Snapshot if theme is None else ThemeResult
        wanted = _filtered(_of_repo(repo), suite, branch).with_only_columns(
            Snapshot.recorded_at,
            Snapshot.commit_sha,
            source.statements,
            source.executed,
            source.branches,
            source.taken,
        )
        if theme is not None:
            wanted = wanted.join(ThemeResult).where(ThemeResult.theme == theme)
        wanted = wanted.order_by(Snapshot.recorded_at.desc(), Snapshot.id.desc()).limit(limit)
        with self._database.reading() as session:
            rows = session.execute(wanted).all()
        if not rows:
            raise NotFoundError
        return [Point(row[0], row[1], Counts(*row[2:])) for row in reversed(rows)]


def _add(
    session: Session, repo: RepoKey, submission: Submission, received_at: datetime
) -> tuple[Snapshot, bool]:
    provenance = submission.provenance
    found = session.scalar(
        _of_repo(repo)
        .where(
            Snapshot.suite == submission.suite,
            Snapshot.commit_sha == provenance.commit,
            Snapshot.run_id == provenance.run_id,
        )
        .options(selectinload(Snapshot.themes))
    )
    if found is not None:
        if found.digest != submission.digest:
            raise ConflictError(found.public_id)
        return found, False
    owner = session.scalar(select(Repo).where(Repo.tenant == repo.tenant, Repo.name == repo.name))
    if owner is None:
        owner = Repo(tenant=repo.tenant, name=repo.name)
        session.add(owner)
        session.flush()
    new = Snapshot(
        public_id=uuid.uuid4().hex,
        repo_id=owner.id,
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


def _filtered(wanted: Select[Snapshot], suite: str | None, branch: str | None) -> Select[Snapshot]:
    if suite is not None:
        wanted = wanted.where(Snapshot.suite == suite)
    if branch is not None:
        wanted = wanted.where(Snapshot.branch == branch)
    return wanted


def _require_repo(session: Session, repo: RepoKey) -> None:
    if (
        session.scalar(select(Repo.id).where(Repo.tenant == repo.tenant, Repo.name == repo.name))
        is None
    ):
        raise NotFoundError
