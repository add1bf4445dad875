"""Responsible for the auth app on a stubbed config path, and doubles for keys and clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, KeySet, OKPKey
from limits import parse

from apps.auth_service import create_app
from apps.auth_service.app import build_app
from apps.auth_service.clients import ClientRegistry, ServiceClient
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.keys import KeyRing, SigningKey
from apps.auth_service.parts import Parts
from apps.auth_service.replay import ReplayCache
from apps.auth_service.settings import AssertionSettings, SecretSettings, Settings
from tests.unit.auth.support import (
    ISSUER,
    SECRET,
    AssertionMaker,
    Clock,
    FixedSource,
    Pems,
    write_clients,
    write_private,
)

CHEAP = SecretSettings(time_cost=1, memory_cost=7168, parallelism=1)
SCOPES = ("snapshots:read", "snapshots:write")


@pytest.fixture(scope="session")
def pems() -> Pems:
    pem, pkcs8, plain = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    return Pems(
        first=ECKey.generate_key("P-256").as_pem(private=True),
        second=ECKey.generate_key("P-256").as_pem(private=True),
        edwards=OKPKey.generate_key("Ed25519").as_pem(private=True),
        rsa=rsa.generate_private_key(65537, 2048).private_bytes(pem, pkcs8, plain),
        p384=ec.generate_private_key(ec.SECP384R1()).private_bytes(pem, pkcs8, plain),
        encrypted=ec.generate_private_key(ec.SECP256R1()).private_bytes(
            pem, pkcs8, BestAvailableEncryption(b"pass")
        ),
    )


@pytest.fixture(scope="session")
def robot_key() -> ECKey:
    """Private key of the client `robot`."""
    return ECKey.generate_key("P-256")


@pytest.fixture(scope="session")
def hasher() -> SecretHasher:
    return SecretHasher(CHEAP)


@pytest.fixture(scope="session")
def secret_hash(hasher: SecretHasher) -> str:
    return hasher.hash(SECRET)


@pytest.fixture
def clock() -> Clock:
    """A clock that starts now, because Authlib checks assertions against the system clock."""
    return Clock(time.time())


@pytest.fixture
def settings() -> Settings:
    return Settings(
        issuer=ISSUER,
        insecure_transport=True,
        secrets=CHEAP,
        assertions=AssertionSettings(replay_capacity=3),
    )


@pytest.fixture
def key_source(pems: Pems, clock: Clock) -> FixedSource[KeyRing]:
    """Double for key loading: one ES256 key, active for an hour."""
    private = ECKey.import_key(pems.first)
    key = SigningKey(private.thumbprint(), "ES256", clock() - 3600, private, Path("first.pem"))
    return FixedSource(KeyRing((key,)))


@pytest.fixture
def client_source(secret_hash: str, robot_key: ECKey) -> FixedSource[ClientRegistry]:
    """Double for the client registry."""
    robot_keys = KeySet([ECKey.import_key(robot_key.as_dict(private=False))])

    def client(name: str, tenant: str, **changes: object) -> ServiceClient:
        values: dict[str, object] = {
            "scopes": SCOPES,
            "rate": parse("1000/minute"),
            "secret_hash": secret_hash,
            "keys": None,
            "disabled": False,
        }
        return ServiceClient(client_id=name, tenant=tenant, **(values | changes))  # type: ignore[arg-type]

    clients = [
        client("ci", "acme"),
        client("reader", "acme", scopes=("snapshots:read",)),
        client("slow", "acme", rate=parse("2/minute")),
        client("rival", "umbrella"),
        client("gone", "acme", disabled=True),
        client("robot", "acme", secret_hash=None, keys=robot_keys),
        client("robot2", "umbrella", secret_hash=None, keys=robot_keys),
    ]
    return FixedSource(ClientRegistry({client.client_id: client for client in clients}))


@pytest.fixture
def replay(settings: Settings, clock: Clock) -> ReplayCache:
    """A replay cache with three entries per client, using the test's clock."""
    return ReplayCache(settings.assertions.replay_capacity, clock)


@pytest.fixture
def parts(
    settings: Settings,
    key_source: FixedSource[KeyRing],
    client_source: FixedSource[ClientRegistry],
    replay: ReplayCache,
    clock: Clock,
) -> Parts:
    return Parts(settings, key_source, client_source, replay, clock)


@pytest.fixture
def app(parts: Parts) -> Flask:
    """The app built with doubles; nothing is read from disk."""
    return build_app(parts)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def assertion(robot_key: ECKey, clock: Clock) -> AssertionMaker:
    return AssertionMaker(robot_key, clock)


@pytest.fixture
def keys_dir(tmp_path: Path, pems: Pems) -> Path:
    """A valid key directory with one key."""
    directory = tmp_path / "keys"
    directory.mkdir(mode=0o700)
    write_private(directory / "20260101T000000Z-first.pem", pems.first)
    return directory


@pytest.fixture
def config_path(tmp_path: Path, keys_dir: Path, secret_hash: str) -> Path:
    """A stubbed config path: configuration, key and client on disk."""
    entry = {"client_id": "ci", "tenant": "acme", "scopes": SCOPES, "secret_hash": secret_hash}
    write_clients(tmp_path / "clients.json", entry)
    return write_private(
        tmp_path / "auth.toml",
        f'issuer = "{ISSUER}"\ninsecure_transport = true\nreload_interval = 0\n'
        "[secrets]\ntime_cost = 1\nmemory_cost = 7168\nparallelism = 1\n",
    )


@pytest.fixture
def app_on_disk(config_path: Path) -> Callable[[], Flask]:
    """The app that `create_app` builds from the stubbed config path."""
    return lambda: create_app(config_path)
