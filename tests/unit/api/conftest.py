"""Responsible for building `apps.api.main` apps, with doubles where a test asks for none of it."""

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
    """An empty database with the schema in place, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.dispose()
    return path


@pytest.fixture
def database(migrated_template: Path, temp_db_file: Path) -> Iterator[Database]:
    """A migrated database of the test's own."""
    shutil.copyfile(migrated_template, temp_db_file)
    database = Database(f"sqlite:///{temp_db_file}")
    yield database
    database.dispose()


@pytest.fixture
def settings(database: Database, temp_db_file: Path) -> Settings:
    """Settings that name the test's database."""
    return Settings(auth=issuer.SETTINGS, database_url=f"sqlite:///{temp_db_file}")


@pytest.fixture
def clock() -> FakeClock:
    """2026-11-21T12:00:00Z until the test moves it."""
    return FakeClock()


@pytest.fixture
def auth() -> FakeAuth:
    """The double of the auth provider."""
    return FakeAuth()


@pytest.fixture
def rate_limiter() -> FakeRateLimiter:
    """The double of the rate limiter."""
    return FakeRateLimiter()


@pytest.fixture
def tenants() -> FakeTenants:
    """The double of the tenant middleware."""
    return FakeTenants()


@pytest.fixture
def build_app(
    settings: Settings, auth: FakeAuth, rate_limiter: FakeRateLimiter, clock: FakeClock
) -> Iterator[ClientFactory]:
    """Build an app with the doubles, or with what the test gives instead, and a client of it."""
    built: list[HeaderClient] = []

    def build(**parts: object) -> HeaderClient:
        given: dict[str, Any] = {
            "auth": auth,
            "rate_limiter": rate_limiter,
            "clock": clock,
            **parts,
        }
        client = build_client(create_app, given.pop("settings", settings), **given)
        built.append(client)
        return client

    yield build
    for client in built:
        client.application.extensions[DATABASE].dispose()


@pytest.fixture
def anonymous(build_app: ClientFactory) -> HeaderClient:
    """A client of the default app, without a token."""
    return build_app()


@pytest.fixture
def client(anonymous: HeaderClient) -> HeaderClient:
    """A client of the same app, of the tenant acme, that may read and write."""
    return make_client(anonymous.application, token="acme")


@pytest.fixture(scope="session")
def ec_key() -> ECKey:
    """A signing key for ES256."""
    return issuer.ec_key("ec-1")


@pytest.fixture(scope="session")
def okp_key() -> OKPKey:
    """A signing key for EdDSA."""
    return issuer.okp_key("okp-1")
