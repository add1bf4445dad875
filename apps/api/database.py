"""The database: an SQLite file or a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Engine,
    String,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

LOCK_WAIT_SECONDS: Final = 5
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WRITES: Final = "hub_writes"
# Alembic's version table; using Alembic here would log two lines per probe
_VERSIONS: Final = table("alembic_version", column("version_num", String))


class Database:
    """Creates sessions and checks that the schema matches the code."""

    def __init__(self, url: str) -> None:
        """Create the engine; nothing is connected yet.

        Args:
            url: An SQLAlchemy URL for SQLite or PostgreSQL.
        """
        self._engine = _build_engine(url)
        self._writer = self._engine.execution_options(**{_WRITES: True})

    @property
    def driver(self) -> str:
        """SQLAlchemy's name of the database and its driver."""
        return self._engine.url.drivername

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for reading."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that commits at the end of the block, or rolls back on an exception."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Update the schema in one transaction."""
        config = _alembic()
        with self._writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def problem(self) -> str | None:
        """Return why the database cannot be used, in one or two words, or None if it can."""
        try:
            with self._engine.connect() as connection:
                migrated = inspect(connection).has_table(_VERSIONS.name)
                revisions = connection.scalars(select(_VERSIONS.c.version_num)) if migrated else ()
                return None if list(revisions) == [_head()] else "not migrated"
        except SQLAlchemyError:
            return "unreachable"

    def dispose(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()


@cache
def _head() -> str | None:
    """Return the schema revision that the code expects."""
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _build_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(
            parsed, pool_pre_ping=True, connect_args={"connect_timeout": LOCK_WAIT_SECONDS}
        )
    engine = create_engine(parsed)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # the driver does not send BEGIN before reads and DDL; `_begin_sqlite` does
    driver: Any = connection
    driver.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads before it writes can fail immediately with "database is locked",
    # despite the busy timeout. BEGIN IMMEDIATE takes the write lock first, and waits for it.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
