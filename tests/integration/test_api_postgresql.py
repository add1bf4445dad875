"""The API on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, select

from apps.api.database import Database
from apps.api.main import DATABASE, create_app
from apps.api.models import Base, Repo, Snapshot
from apps.api.settings import Settings
from tests.integration.postgresql import Server, running_server
from tests.unit.api import issuer
from tests.unit.api.doubles import FakeAuth, FakeClock, FakeRateLimiter
from tests.unit.api.samples import URL, snapshot
from tests.utils.flask_client_factory import HeaderClient, build_client, make_client

NAMES = (f"hub_{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    """URL of an empty database for one test."""
    name = next(NAMES)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url(name)


@pytest.fixture
def client(url: str) -> Iterator[HeaderClient]:
    """A client of a migrated app."""
    client = make_client(app_on(url, auto_migrate=True).application, token="acme")
    yield client
    client.application.extensions[DATABASE].dispose()


def app_on(url: str, *, auto_migrate: bool = False) -> HeaderClient:
    return build_client(
        create_app,
        Settings(auth=issuer.SETTINGS, database_url=url, auto_migrate=auto_migrate),
        auth=FakeAuth(),
        rate_limiter=FakeRateLimiter(),
        clock=FakeClock(),
    )


def count(client: HeaderClient, table: type[Repo | Snapshot]) -> int:
    database: Database = client.application.extensions[DATABASE]
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def checks(url: str) -> set[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return set(
            connection.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE contype = 'c' AND conrelid <> 0"
            ).fetchall()
        )


@pytest.mark.architecture
def test_migrations_create_exactly_the_tables_of_the_models(server: Server, url: str) -> None:
    database = Database(url)
    database.migrate()
    database.dispose()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()

    # Alembic does not compare check constraints
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE by_models")
    by_models = create_engine(server.url("by_models").replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(by_models)
    by_models.dispose()
    assert checks(url) == checks(server.url("by_models"))
    assert len(checks(url)) == 4


@pytest.mark.architecture
def test_after_the_migrate_command_the_service_is_ready(url: str) -> None:
    client = app_on(url)
    before = client.get("/readyz").get_json()["checks"]["database"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("HUB_")}
    environment |= {
        "HUB_API_DATABASE_URL": url,
        "HUB_API_AUTH__ISSUER": issuer.SETTINGS.issuer,
        "HUB_API_AUTH__JWKS_URL": issuer.SETTINGS.jwks_url,
    }

    done = [
        subprocess.run(
            [sys.executable, "-m", "apps.api", "migrate"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for _run in range(2)
    ]

    assert [(run.returncode, run.stdout) for run in done] == [(0, "the schema is up to date\n")] * 2
    assert (before, client.get("/readyz").status_code) == ("not migrated", 200)
    client.application.extensions[DATABASE].dispose()


@pytest.mark.reliability
def test_concurrent_identical_snapshots_create_one_row(client: HeaderClient) -> None:
    barrier = Barrier(8)

    def post(_: int) -> tuple[int, str]:
        own_client = make_client(client.application, token="acme")
        barrier.wait(60)
        response = own_client.post(URL, json=snapshot())
        return response.status_code, response.headers.get("Location", response.text)

    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(post, range(8)))

    assert sorted(status for status, _ in responses) == [200] * 7 + [201]
    assert len({location for _, location in responses}) == 1
    assert (count(client, Repo), count(client, Snapshot)) == (1, 1)


@pytest.mark.reliability
def test_of_concurrent_different_snapshots_of_a_run_one_is_stored(client: HeaderClient) -> None:
    barrier = Barrier(6)

    def post(number: int) -> int:
        own_client = make_client(client.application, token="acme")
        barrier.wait(60)
        return own_client.post(URL, json=snapshot(extra=number)).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(post, range(6))) == [201] + [409] * 5

    assert count(client, Snapshot) == 1


@pytest.mark.reliability
def test_the_first_snapshots_of_a_repository_can_be_concurrent(client: HeaderClient) -> None:
    barrier = Barrier(6)

    def post(number: int) -> int:
        own_client = make_client(client.application, token="acme")
        barrier.wait(60)
        return own_client.post(URL, json=snapshot(run_id=f"run-{number}")).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(post, range(6))) == [201] * 6

    assert (count(client, Repo), count(client, Snapshot)) == (1, 6)


@pytest.mark.architecture
def test_pages_contain_all_snapshots_newest_first(client: HeaderClient) -> None:
    for number in range(5):
        client.post(URL, json=snapshot(run_id=f"run-{number}"))
    run_ids: list[str] = []
    next_url = f"{URL}?limit=2&suite=api"
    while next_url:
        response = client.get(next_url)
        run_ids += [item["run_id"] for item in response.get_json()["items"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', response.headers.get("Link", ""))
        next_url = link[1] if link else ""

    assert run_ids == [f"run-{number}" for number in reversed(range(5))]


@pytest.mark.architecture
def test_timestamps_are_in_utc_if_the_server_uses_another_time_zone(client: HeaderClient) -> None:
    client.post(URL, json=snapshot(recorded_at="2026-11-21T03:30:00+05:45"))

    (point,) = client.get("/v1/repos/widgets/trend?suite=api").get_json()["points"]

    assert point["recorded_at"] == "2026-11-20T21:45:00Z"


@pytest.mark.security
def test_difficult_text_is_stored_or_rejected(client: HeaderClient) -> None:
    stored = client.post(URL, json=snapshot(note="\x00 ' \\ ü 💡"))
    rejected = client.post(URL, json=snapshot(branch="a\x00b", run_id="run-2"))

    assert stored.status_code == 201
    assert client.get(stored.headers["Location"]).get_json()["document"]["note"] == "\x00 ' \\ ü 💡"
    assert rejected.status_code == 422


@pytest.mark.security
def test_another_tenants_repository_is_not_found(client: HeaderClient) -> None:
    location = client.post(URL, json=snapshot()).headers["Location"]
    globex = make_client(client.application, token="globex")

    assert {globex.get(path).status_code for path in (URL, location)} == {404}


@pytest.mark.reliability
def test_while_the_server_is_down_the_api_responds_with_503(
    client: HeaderClient, server: Server
) -> None:
    client.post(URL, json=snapshot())

    server.stop()
    try:
        during_outage = client.get(URL)
        probe = client.get("/readyz")
    finally:
        server.start()
    after = client.get(URL)

    assert (during_outage.status_code, during_outage.headers["Retry-After"]) == (503, "5")
    assert during_outage.content_type == "application/problem+json"
    assert probe.get_json()["checks"]["database"] == "unreachable"
    assert len(after.get_json()["items"]) == 1
