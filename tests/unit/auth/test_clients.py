from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from apps.auth_service.clients import load_registry, registry_fingerprint
from apps.auth_service.errors import ConfigError
from tests.unit.auth.support import touch, write_clients, write_private

SUPPORTED = ("snapshots:read", "snapshots:write")


@pytest.fixture
def entry(secret_hash: str) -> dict[str, Any]:
    return {
        "client_id": "ci",
        "tenant": "acme",
        "scopes": ["snapshots:read"],
        "rate": "5/second",
        "secret_hash": secret_hash,
    }


def public(key: ECKey | OKPKey | RSAKey, **members: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **members}


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    def test_a_client_has_its_tenant_scopes_and_rate(
        self, tmp_path: Path, entry: dict[str, Any]
    ) -> None:
        registry = load_registry(write_clients(tmp_path / "c.json", entry), SUPPORTED)

        client = registry.find("ci")
        assert client is not None
        assert (client.tenant, client.scopes) == ("acme", ("snapshots:read",))
        assert (client.rate.amount, client.rate.get_expiry()) == (5, 1)
        assert client.keys is None
        assert not client.disabled
        assert registry.find("other") is None

    def test_a_client_can_have_several_public_keys(
        self, tmp_path: Path, entry: dict[str, Any], robot_key: ECKey
    ) -> None:
        ed25519_key = OKPKey.generate_key("Ed25519")
        del entry["secret_hash"]
        entry["jwks"] = [public(robot_key, kid="one"), public(ed25519_key)]

        client = load_registry(write_clients(tmp_path / "c.json", entry), SUPPORTED).find("ci")

        assert client is not None
        assert client.keys is not None
        assert [key.kid for key in client.keys] == ["one", ed25519_key.thumbprint()]

    def test_an_empty_registry_is_valid(self, tmp_path: Path) -> None:
        assert load_registry(write_clients(tmp_path / "c.json"), SUPPORTED).find("ci") is None


class TestReliability:
    pytestmark = pytest.mark.reliability

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"scopes": ["snapshots:read", "admin"]}, "unknown scopes: admin"),
            ({"scopes": []}, r"\$\.clients\[0\]\.scopes"),
            ({"rate": "often"}, "rate = 'often'"),
            ({"rate": ""}, "rate = ''"),
            ({"secret_hash": "plain-text"}, "secret_hash is not argon2id"),
            ({"secret_hash": None}, "has no credential"),
            ({"tenant": "../umbrella"}, r"\$\.clients\[0\]\.tenant"),
            ({"client_id": "a\n"}, r"\$\.clients\[0\]\.client_id"),
            ({"disabled": "no"}, r"\$\.clients\[0\]\.disabled"),
            ({"colour": "red"}, "unknown field `colour`"),
            ({"jwks": [{}]}, r"jwks\[0\] is not a JWK"),
            ({"jwks": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, r"is not a JWK"),
            ({"jwks": [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}]}, r"is not a JWK"),
        ],
    )
    def test_an_error_names_the_file_the_client_and_the_key(
        self, tmp_path: Path, entry: dict[str, Any], change: dict[str, Any], message: str
    ) -> None:
        path = write_clients(tmp_path / "c.json", entry | change)

        with pytest.raises(ConfigError, match=f"c.json: .*{message}.*; "):
            load_registry(path, SUPPORTED)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"clients": {}}', b"\xff"])
    def test_an_invalid_registry_is_rejected(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(ConfigError, match=r"c\.json: .*correct that key"):
            load_registry(write_private(tmp_path / "c.json", content), SUPPORTED)

    def test_a_client_listed_twice_is_rejected(self, tmp_path: Path, entry: dict[str, Any]) -> None:
        path = write_clients(tmp_path / "c.json", entry, entry | {"tenant": "umbrella"})

        with pytest.raises(ConfigError, match="client 'ci' is listed twice"):
            load_registry(path, SUPPORTED)

    def test_the_fingerprint_changes_with_every_change(self, tmp_path: Path) -> None:
        path = tmp_path / "c.json"
        fingerprints = [registry_fingerprint(path)]
        write_clients(path)
        fingerprints.append(registry_fingerprint(path))
        touch(path, b'{"clients": []}')
        fingerprints.append(registry_fingerprint(path))

        assert len(set(fingerprints)) == 3
        assert registry_fingerprint(path) == fingerprints[-1]


class TestSecurity:
    pytestmark = pytest.mark.security

    @pytest.mark.parametrize("mode", [0o640, 0o604])
    def test_hashes_readable_by_others_are_rejected(
        self, tmp_path: Path, entry: dict[str, Any], mode: int
    ) -> None:
        path = write_clients(tmp_path / "c.json", entry)
        path.chmod(mode)

        with pytest.raises(ConfigError, match=f"accessible by others .*chmod 600 {path}"):
            load_registry(path, SUPPORTED)

    def test_public_keys_may_be_readable_but_not_writable_by_others(
        self, tmp_path: Path, entry: dict[str, Any], robot_key: ECKey
    ) -> None:
        entry |= {"secret_hash": None, "jwks": [public(robot_key)]}
        path = write_clients(tmp_path / "c.json", entry)
        path.chmod(0o644)
        assert load_registry(path, SUPPORTED).find("ci")

        path.chmod(0o664)
        with pytest.raises(ConfigError, match="is writable by others"):
            load_registry(path, SUPPORTED)

    @pytest.mark.parametrize(
        ("key", "problem"),
        [
            (ECKey.generate_key("P-256").as_dict(private=True), "is not a public key"),
            (OctKey.generate_key(256).as_dict(), "is not a public key"),
            (public(RSAKey.generate_key(2048)), "is an unsupported kind of key"),
            (public(ECKey.generate_key("P-384")), "is an unsupported kind of key"),
            (public(OKPKey.generate_key("X25519")), "is an unsupported kind of key"),
        ],
        ids=["private", "symmetric", "rsa", "p384", "x25519"],
    )
    def test_other_kinds_of_keys_are_rejected(
        self, tmp_path: Path, entry: dict[str, Any], key: dict[str, Any], problem: str
    ) -> None:
        path = write_clients(tmp_path / "c.json", entry | {"jwks": [key]})

        with pytest.raises(ConfigError, match=rf"jwks\[0\] {problem}"):
            load_registry(path, SUPPORTED)

    def test_two_keys_with_the_same_kid_are_rejected(
        self, tmp_path: Path, entry: dict[str, Any], robot_key: ECKey
    ) -> None:
        keys = [public(robot_key, kid="k"), public(OKPKey.generate_key("Ed25519"), kid="k")]

        with pytest.raises(ConfigError, match=r"jwks\[1\] repeats the kid 'k'"):
            load_registry(write_clients(tmp_path / "c.json", entry | {"jwks": keys}), SUPPORTED)
