from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from apps.api.database import Database
from apps.api.models import Base, Repo


@pytest.fixture
def engine(database: Database, temp_db_file: Path) -> Iterator[Engine]:
    """An engine for the migrated file that does not use the code under test."""
    engine = create_engine(f"sqlite:///{temp_db_file}")
    yield engine
    engine.dispose()


@pytest.mark.architecture
def test_migrations_create_exactly_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.architecture
def test_migrations_create_the_same_named_checks_as_the_models(
    temp_db_file: Path, tmp_path: Path, engine: Engine
) -> None:
    # Alembic does not compare check constraints, so compare the SQL text of the tables
    def tables(path: Path) -> dict[str, set[str]]:
        connection = sqlite3.connect(path)
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
        ).fetchall()
        connection.close()
        return {name: {line.strip(" ,\t") for line in sql.splitlines()[1:-1]} for name, sql in rows}

    other = tmp_path / "models.sqlite3"
    by_models = create_engine(f"sqlite:///{other}")
    Base.metadata.create_all(by_models)
    by_models.dispose()

    assert tables(temp_db_file) == tables(other)
    assert any("ck_snapshots_executed" in line for line in tables(other)["snapshots"])


@pytest.mark.reliability
def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        session.add(Repo(tenant="acme", name="widgets"))

    database.migrate()

    with database.reading() as session:
        assert session.scalar(select(Repo.name)) == "widgets"
    assert database.problem() is None


@pytest.mark.reliability
def test_a_failed_migration_is_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "taken.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE theme_results (x)"
    )  # the last table that the migration creates
    connection.commit()
    database = Database(f"sqlite:///{path}")

    with pytest.raises(Exception, match="already exists"):
        database.migrate()

    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert tables == [("theme_results",)]
    assert database.problem() == "not migrated"
    database.dispose()


@pytest.mark.reliability
def test_a_database_with_a_newer_schema_is_not_used(database: Database, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert database.problem() == "not migrated"


@pytest.mark.reliability
def test_a_database_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    assert Database(f"sqlite:///{tmp_path}/no/such/folder/x.sqlite3").problem() == "unreachable"


@pytest.mark.architecture
def test_sqlite_uses_wal_and_a_busy_timeout(database: Database) -> None:
    with database.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA busy_timeout")) == 5000
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


@pytest.mark.reliability
def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    barrier = Barrier(6)

    def count_up(_: int) -> None:
        barrier.wait(60)
        with database.writing() as session:
            taken = session.scalars(select(Repo.name)).all()
            session.add(Repo(tenant="acme", name=f"r{len(taken)}"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(count_up, range(6)))

    with database.reading() as session:
        assert set(session.scalars(select(Repo.name))) == {f"r{n}" for n in range(6)}


@pytest.mark.reliability
def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writer:
        writer.add(Repo(tenant="acme", name="widgets"))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalars(select(Repo)).all() == []


def execute(database: Database, *statements: str) -> None:
    with database.writing() as session:
        for statement in statements:
            session.execute(text(statement))


def insert_snapshot(*, repo_id: int = 1, executed: int = 1) -> str:
    values = f"1, 'p', {repo_id}, 's', 'c', 'r', NULL, 'pass', '', '', 'd', '', 1, {executed}, 0, 0"
    return f"INSERT INTO snapshots VALUES ({values})"  # noqa: S608  # the test's numbers


INSERT_REPO = "INSERT INTO repos VALUES (1, 'acme', 'widgets')"


@pytest.mark.reliability
def test_an_exception_rolls_the_transaction_back(database: Database) -> None:
    with pytest.raises(OperationalError):
        execute(database, INSERT_REPO, "no such statement")

    with database.reading() as session:
        assert session.scalars(select(Repo)).all() == []


@pytest.mark.security
@pytest.mark.parametrize(
    "statement",
    [
        insert_snapshot(repo_id=99),
        "INSERT INTO theme_results VALUES (99, 'security', 1, 1, 1, 0, 0)",
    ],
    ids=["snapshot-without-repo", "theme-without-snapshot"],
)
def test_the_database_rejects_rows_without_a_parent(database: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        execute(database, INSERT_REPO, statement)


@pytest.mark.security
def test_the_database_rejects_impossible_counts(database: Database) -> None:
    execute(database, INSERT_REPO, insert_snapshot(executed=1), "DELETE FROM snapshots")

    with pytest.raises(IntegrityError, match="ck_snapshots_executed"):
        execute(database, insert_snapshot(executed=2))


@pytest.mark.architecture
@pytest.mark.parametrize(
    "url", ["postgresql://u@127.0.0.1:9/hub", "postgresql+psycopg://u@127.0.0.1:9/hub"]
)
def test_postgresql_uses_psycopg(url: str) -> None:
    database = Database(url)

    assert database.driver == "postgresql+psycopg"
    database.dispose()
