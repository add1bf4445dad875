from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from apps.auth_service import admin
from apps.auth_service.admin import NewClient
from apps.auth_service.clients import load_registry, read_entries
from apps.auth_service.errors import ConfigError
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.jose import ALGORITHMS, Algorithm
from apps.auth_service.keys import load_ring
from apps.auth_service.settings import Settings
from tests.unit.auth.support import write_clients, write_private

NOON = 1795262400.0  # 2026-11-21T12:00:00Z


@pytest.fixture
def on_disk(settings: Settings, tmp_path: Path) -> Settings:
    return msgspec.structs.replace(
        settings, keys_dir=str(tmp_path / "k"), clients_file=str(tmp_path / "c" / "clients.json")
    )


def new_client(name: str = "ci", jwk: Path | None = None) -> NewClient:
    return NewClient(name, "acme", ("snapshots:read",), "5/minute", jwk)


class TestKeys:
    @pytest.mark.architecture
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_the_service_loads_a_created_key(self, tmp_path: Path, algorithm: Algorithm) -> None:
        path = admin.create_key(tmp_path / "keys", algorithm, NOON + 0.9)

        (key,) = load_ring(tmp_path / "keys").keys
        assert (key.path, key.algorithm, key.active_from) == (path, algorithm, NOON)
        assert path.name == f"20261121T120000Z-{key.kid[:12]}.pem"

    @pytest.mark.security
    def test_key_and_directory_are_accessible_to_the_owner_only(self, tmp_path: Path) -> None:
        path = admin.create_key(tmp_path / "keys", "ES256", NOON)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    @pytest.mark.architecture
    def test_newest_active_key_signs_older_keys_verify_future_keys_wait(
        self, tmp_path: Path
    ) -> None:
        paths = [admin.create_key(tmp_path, "EdDSA", NOON + hour * 3600) for hour in (0, 1, 2)]
        ring = load_ring(tmp_path)

        def states(now: float) -> list[str]:
            assert [key.path for key, _ in admin.key_states(ring, now)] == paths
            return [state for _, state in admin.key_states(ring, now)]

        assert states(NOON + 4000) == ["verifies", "signs", "waits"]
        assert states(NOON - 1) == ["waits", "waits", "waits"]

    @pytest.mark.security
    def test_retiring_a_key_removes_it_from_the_ring_but_not_from_disk(
        self, tmp_path: Path
    ) -> None:
        old = admin.create_key(tmp_path, "ES256", NOON)
        new = admin.create_key(tmp_path, "ES256", NOON + 60)
        kid = load_ring(tmp_path).keys[0].kid

        retired = admin.retire_key(tmp_path, kid[:8], NOON + 120)

        assert retired == old.with_name(f"{old.name}.retired")
        assert retired.exists()
        assert [key.path for key in load_ring(tmp_path).keys] == [new]

    @pytest.mark.reliability
    def test_the_signing_key_cannot_be_retired(self, tmp_path: Path) -> None:
        admin.create_key(tmp_path, "ES256", NOON)
        admin.create_key(tmp_path, "ES256", NOON + 60)
        kid = load_ring(tmp_path).keys[0].kid

        with pytest.raises(ConfigError, match="is the current signing key; create a new key"):
            admin.retire_key(tmp_path, kid, NOON + 59)

    @pytest.mark.reliability
    def test_an_ambiguous_kid_prefix_is_rejected(self, tmp_path: Path) -> None:
        for hour in range(2):
            admin.create_key(tmp_path, "ES256", NOON + hour)

        with pytest.raises(ConfigError, match="2 keys have a kid that starts with ''"):
            admin.retire_key(tmp_path, "", NOON)
        with pytest.raises(ConfigError, match="0 keys have a kid that starts with 'no-such'"):
            admin.retire_key(tmp_path, "no-such", NOON)


class TestClients:
    @pytest.mark.architecture
    def test_a_created_client_can_authenticate_with_its_secret(
        self, on_disk: Settings, hasher: SecretHasher
    ) -> None:
        secret = admin.create_client(on_disk, new_client())

        client = load_registry(on_disk.clients_path, on_disk.scopes).find("ci")
        assert client is not None
        assert secret is not None
        assert hasher.verify(client.secret_hash, secret)
        assert (client.tenant, str(client.rate)) == ("acme", "5 per 1 minute")

    @pytest.mark.security
    def test_the_secret_is_not_stored(self, on_disk: Settings, tmp_path: Path) -> None:
        secret = admin.create_client(on_disk, new_client())

        assert secret is not None
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or secret not in path.read_text()
        assert stat.S_IMODE(on_disk.clients_path.stat().st_mode) == 0o600

    @pytest.mark.architecture
    def test_a_client_with_a_key_has_no_secret(
        self, on_disk: Settings, tmp_path: Path, robot_key: ECKey
    ) -> None:
        jwk = write_private(tmp_path / "k.json", json.dumps(robot_key.as_dict(private=False)))

        assert admin.create_client(on_disk, new_client(jwk=jwk)) is None

        client = load_registry(on_disk.clients_path, on_disk.scopes).find("ci")
        assert client is not None
        assert client.secret_hash is None
        assert client.keys is not None

    @pytest.mark.security
    def test_a_private_jwk_is_rejected(
        self, on_disk: Settings, tmp_path: Path, robot_key: ECKey
    ) -> None:
        jwk = write_private(tmp_path / "k.json", json.dumps(robot_key.as_dict(private=True)))

        with pytest.raises(ConfigError, match="not a public key"):
            admin.create_client(on_disk, new_client(jwk=jwk))
        assert not on_disk.clients_path.exists()

    @pytest.mark.reliability
    @pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"kty": 7}'])
    def test_an_invalid_jwk_is_rejected(
        self, on_disk: Settings, tmp_path: Path, content: str
    ) -> None:
        jwk = write_private(tmp_path / "k.json", content)

        with pytest.raises(ConfigError):
            admin.create_client(on_disk, new_client(jwk=jwk))
        with pytest.raises(ConfigError, match="is not a JWK"):
            admin.create_client(on_disk, new_client(jwk=tmp_path / "missing"))

    @pytest.mark.reliability
    def test_creating_a_client_preserves_others_and_rejects_duplicates(
        self, on_disk: Settings
    ) -> None:
        admin.create_client(on_disk, new_client("one"))
        admin.create_client(on_disk, new_client("two"))
        content_before = on_disk.clients_path.read_bytes()

        with pytest.raises(ConfigError, match="client 'one' already exists"):
            admin.create_client(on_disk, new_client("one"))

        assert on_disk.clients_path.read_bytes() == content_before
        assert [entry.client_id for entry in read_entries(on_disk.clients_path)[0]] == [
            "one",
            "two",
        ]

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"rate": "sometimes"}, "rate = 'sometimes'"),
            ({"tenant": "a/b"}, r"\$\.tenant"),
            ({"client_id": ""}, r"\$\.client_id"),
        ],
    )
    def test_an_invalid_client_is_not_written(
        self, on_disk: Settings, changes: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            admin.create_client(on_disk, dataclasses.replace(new_client(), **changes))

        assert not on_disk.clients_path.exists()

    @pytest.mark.security
    def test_disabling_changes_one_client_only(self, on_disk: Settings) -> None:
        for name in ("one", "two"):
            admin.create_client(on_disk, new_client(name))

        admin.disable_client(on_disk.clients_path, "one")

        registry = load_registry(on_disk.clients_path, on_disk.scopes)
        assert [client.disabled for client in registry.clients.values()] == [True, False]

    @pytest.mark.reliability
    def test_disabling_an_unknown_client_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="has no client 'ci'"):
            admin.disable_client(write_clients(tmp_path / "c.json"), "ci")
