"""Responsible for `apps.api.main` apps, with doubles for what a test does not cover."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from apps.api.database import Database
from apps.api.main import DATABASE, create_app
from apps.api.settings import Settings
from tests.unit.api import issuer
from tests.unit.api.doubles import FakeAuth, FakeClock, FakeRateLimiter, FakeTenants
from tests.utils.flask_client_factory import HeaderClient, build_client, make_client

ClientFactory = Callable[..., HeaderClient]


@pytest.fixture(scope="session")
def migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database that tests copy."""
    path = tmp_path_factory.mktemp("schema") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.dispose()
    return path


@pytest.fixture
def database(migrated_template: Path, temp_db_file: Path) -> Iterator[Database]:
    """A migrated database for one test."""
    shutil.copyfile(migrated_template, temp_db_file)
    database = Database(f"sqlite:///{temp_db_file}")
    yield database
    database.dispose()


@pytest.fixture
def settings(database: Database, temp_db_file: Path) -> Settings:
    """Settings that use the test's database."""
    return Settings(auth=issuer.SETTINGS, database_url=f"sqlite:///{temp_db_file}")


@pytest.fixture
def clock() -> FakeClock:
    """A clock at 2026-11-21T12:00:00Z, which the test can change."""
    return FakeClock()


@pytest.fixture
def auth() -> FakeAuth:
    """Double of the auth provider."""
    return FakeAuth()


@pytest.fixture
def rate_limiter() -> FakeRateLimiter:
    """Double of the rate limiter."""
    return FakeRateLimiter()


@pytest.fixture
def tenants() -> FakeTenants:
    """Double of the tenant middleware."""
    return FakeTenants()


@pytest.fixture
def build_app(
    settings: Settings, auth: FakeAuth, rate_limiter: FakeRateLimiter, clock: FakeClock
) -> Iterator[ClientFactory]:
    """Build an app with the doubles or the test's replacements, and return its client."""
    clients: list[HeaderClient] = []

    def build(**parts: object) -> HeaderClient:
        arguments: dict[str, Any] = {
            "auth": auth,
            "rate_limiter": rate_limiter,
            "clock": clock,
            **parts,
        }
        client = build_client(create_app, arguments.pop("settings", settings), **arguments)
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.application.extensions[DATABASE].dispose()


@pytest.fixture
def anonymous(build_app: ClientFactory) -> HeaderClient:
    """A client of the default app that sends no token."""
    return build_app()


@pytest.fixture
def client(anonymous: HeaderClient) -> HeaderClient:
    """A client of the same app for the tenant acme, with read and write scopes."""
    return make_client(anonymous.application, token="acme")


@pytest.fixture(scope="session")
def ec_key() -> ECKey:
    """A signing key for ES256."""
    return issuer.ec_key("ec-1")


@pytest.fixture(scope="session")
def okp_key() -> OKPKey:
    """A signing key for EdDSA."""
    return issuer.okp_key("okp-1")
