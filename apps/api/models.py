"""Database tables: repositories, snapshots and theme results."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from apps.api.counts import Counts


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp stored in UTC and read back with a time zone, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class's signature
        """Convert a timestamp to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class's signature
        """Return a timestamp in UTC; PostgreSQL may return another time zone."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all tables. Constraints get names, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CountColumns:
    """The columns of `Counts`."""

    statements: Mapped[int] = mapped_column(Integer)
    executed: Mapped[int] = mapped_column(Integer)
    branches: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer)

    @property
    def counts(self) -> Counts:
        """The columns as one value."""
        return Counts(self.statements, self.executed, self.branches, self.taken)


def _count_constraints() -> tuple[CheckConstraint, CheckConstraint]:
    return (
        CheckConstraint("executed BETWEEN 0 AND statements", name="executed"),
        CheckConstraint("taken BETWEEN 0 AND branches", name="taken"),
    )


class Repo(Base):
    """A repository of a tenant, created with its first snapshot."""

    __tablename__ = "repos"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))


class Snapshot(CountColumns, Base):
    """One suite's result in one run at one commit, with the document that was sent."""

    __tablename__ = "snapshots"
    __table_args__ = (
        UniqueConstraint("repo_id", "suite", "commit_sha", "run_id"),
        Index(None, "repo_id", "suite", "recorded_at"),
        *_count_constraints(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    repo_id: Mapped[int] = mapped_column(ForeignKey("repos.id"))
    suite: Mapped[str] = mapped_column(String(64))
    commit_sha: Mapped[str] = mapped_column(String(40))
    run_id: Mapped[str] = mapped_column(String(64))
    branch: Mapped[str | None] = mapped_column(String(255))
    verdict: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64))
    # large, and only needed for a single snapshot
    document: Mapped[str] = mapped_column(Text, deferred=True)

    themes: Mapped[list[ThemeResult]] = relationship(order_by="ThemeResult.theme", lazy="raise")


class ThemeResult(CountColumns, Base):
    """The earned coverage of one theme in a snapshot."""

    __tablename__ = "theme_results"
    __table_args__ = _count_constraints()

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    theme: Mapped[str] = mapped_column(String(64), primary_key=True)
    tests: Mapped[int] = mapped_column(Integer)
