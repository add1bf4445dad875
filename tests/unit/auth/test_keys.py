from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, thumbprint

from apps.auth_service.errors import ConfigError
from apps.auth_service.keys import NoSigningKeyError, load_ring, ring_fingerprint
from tests.unit.auth.support import Pems, touch, write_private

# 2026-01-01T00:00:00Z, when the fixture's key becomes active
NEW_YEAR = 1767225600.0


class TestRing:
    pytestmark = pytest.mark.architecture

    def test_kid_is_the_rfc_7638_thumbprint(self, keys_dir: Path, pems: Pems) -> None:
        (key,) = load_ring(keys_dir).keys
        public = ECKey.import_key(pems.first).as_dict(private=False)

        assert key.kid == thumbprint({name: public[name] for name in ("kty", "crv", "x", "y")})
        assert key.active_from == NEW_YEAR
        assert key.algorithm == "ES256"

    def test_the_newest_active_key_signs(self, keys_dir: Path, pems: Pems) -> None:
        write_private(keys_dir / "20260201T000000Z-second.pem", pems.second)
        write_private(keys_dir / "20260301T000000Z-third.pem", pems.edwards)
        ring = load_ring(keys_dir)
        day = 86400

        assert ring.signing(NEW_YEAR).path.name == "20260101T000000Z-first.pem"
        assert ring.signing(NEW_YEAR + 31 * day - 1).path.name == "20260101T000000Z-first.pem"
        assert ring.signing(NEW_YEAR + 31 * day).path.name == "20260201T000000Z-second.pem"
        assert ring.signing(NEW_YEAR + 365 * day).algorithm == "EdDSA"

    def test_all_keys_are_published_even_before_they_are_active(
        self, keys_dir: Path, pems: Pems
    ) -> None:
        write_private(keys_dir / "29990101T000000Z-later.pem", pems.edwards)

        published = load_ring(keys_dir).jwks()["keys"]

        assert [(key["kty"], key["alg"], key["use"]) for key in published] == [
            ("EC", "ES256", "sig"),
            ("OKP", "EdDSA", "sig"),
        ]

    def test_a_retired_key_is_not_read(self, keys_dir: Path, pems: Pems) -> None:
        write_private(keys_dir / "20260201T000000Z-second.pem.retired", pems.second)

        assert [key.path.name for key in load_ring(keys_dir).keys] == ["20260101T000000Z-first.pem"]

    def test_a_link_within_the_directory_is_followed(self, keys_dir: Path, pems: Pems) -> None:
        # as Kubernetes mounts secrets
        (keys_dir / "..data").mkdir()
        write_private(keys_dir / "..data" / "key", pems.second)
        (keys_dir / "20260201T000000Z-linked.pem").symlink_to("..data/key")

        assert len(load_ring(keys_dir).keys) == 2


class TestReliability:
    pytestmark = pytest.mark.reliability

    def test_no_key_signs_before_the_first_is_active(self, keys_dir: Path) -> None:
        with pytest.raises(NoSigningKeyError):
            load_ring(keys_dir).signing(NEW_YEAR - 1)

    def test_an_empty_directory_error_explains_how_to_create_a_key(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"contains no \*\.pem key; create one with .*keys create"
        ):
            load_ring(tmp_path)

    def test_a_missing_directory_error_explains_how_to_create_a_key(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"keys: cannot be read .*keys create"):
            load_ring(tmp_path / "keys")

    def test_a_directory_that_cannot_be_listed_is_not_reported_as_empty(
        self, keys_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.access", lambda *_args: False)  # root can list any directory

        with pytest.raises(
            ConfigError, match="cannot be listed; make it readable for the service's user"
        ):
            load_ring(keys_dir)

    def test_a_file_instead_of_a_directory_is_rejected(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="is not a directory"):
            load_ring(write_private(tmp_path / "keys", ""))

    @pytest.mark.parametrize(
        "name", ["first.pem", "20261301T000000Z-first.pem", "20260101-first.pem", "key 1.pem"]
    )
    def test_a_misnamed_key_is_rejected(self, keys_dir: Path, pems: Pems, name: str) -> None:
        write_private(keys_dir / name, pems.second)

        with pytest.raises(ConfigError, match=r"does not have an activation time.*rename it"):
            load_ring(keys_dir)

    def test_a_duplicate_key_error_names_both_files(self, keys_dir: Path, pems: Pems) -> None:
        write_private(keys_dir / "20260201T000000Z-copy.pem", pems.first)

        with pytest.raises(ConfigError, match=r"copy\.pem: .*same key as .*first\.pem"):
            load_ring(keys_dir)

    def test_a_fifo_is_rejected_without_waiting_for_a_writer(self, keys_dir: Path) -> None:
        os.mkfifo(keys_dir / "20260201T000000Z-fifo.pem", 0o600)

        with pytest.raises(ConfigError, match=r"fifo\.pem: is not a regular file"):
            load_ring(keys_dir)

    def test_the_fingerprint_changes_with_every_change(self, keys_dir: Path, pems: Pems) -> None:
        path = keys_dir / "20260101T000000Z-first.pem"
        fingerprints = [ring_fingerprint(keys_dir)]
        write_private(keys_dir / "20260201T000000Z-second.pem", pems.second)
        fingerprints.append(ring_fingerprint(keys_dir))
        touch(path, pems.edwards)
        fingerprints.append(ring_fingerprint(keys_dir))
        path.unlink()
        fingerprints.append(ring_fingerprint(keys_dir))

        assert len(set(fingerprints)) == len(fingerprints)
        assert ring_fingerprint(keys_dir) == fingerprints[-1]

    def test_the_fingerprint_of_a_removed_directory_differs(self, tmp_path: Path) -> None:
        assert ring_fingerprint(tmp_path / "gone") != ring_fingerprint(tmp_path)


class TestSecurity:
    pytestmark = pytest.mark.security

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o644])
    def test_a_key_accessible_by_others_is_rejected(self, keys_dir: Path, mode: int) -> None:
        path = keys_dir / "20260101T000000Z-first.pem"
        path.chmod(mode)

        with pytest.raises(ConfigError) as caught:
            load_ring(keys_dir)

        assert str(caught.value) == (
            f"{path}: is accessible by others (mode {mode:04o}); run `chmod 600 {path}`"
        )

    @pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
    def test_a_directory_writable_by_others_is_rejected(self, keys_dir: Path, mode: int) -> None:
        keys_dir.chmod(mode)

        with pytest.raises(ConfigError, match=f"writable by others .*chmod 700 {keys_dir}"):
            load_ring(keys_dir)

    def test_a_link_to_outside_the_directory_is_rejected(self, keys_dir: Path, pems: Pems) -> None:
        outside = write_private(keys_dir.parent / "outside.pem", pems.second)
        (keys_dir / "20260201T000000Z-link.pem").symlink_to(outside)

        with pytest.raises(ConfigError, match=r"link\.pem: is a link to outside its directory"):
            load_ring(keys_dir)

    @pytest.mark.parametrize(
        ("kind", "problem"),
        [
            ("rsa", "is a 2048-bit RSA key"),
            ("p384", "is an unsupported kind of key .secp384r1."),
            ("encrypted", "is encrypted"),
        ],
    )
    def test_an_unsupported_kind_of_key_is_rejected(
        self, keys_dir: Path, pems: Pems, kind: str, problem: str
    ) -> None:
        write_private(keys_dir / "20260201T000000Z-bad.pem", getattr(pems, kind))

        with pytest.raises(ConfigError, match=rf"bad\.pem: {problem}; (use P-256|store it)"):
            load_ring(keys_dir)

    def test_a_key_agreement_key_is_rejected(self, keys_dir: Path) -> None:
        pem = X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        write_private(keys_dir / "20260201T000000Z-bad.pem", pem)

        with pytest.raises(ConfigError, match=r"unsupported kind of key .X25519PrivateKey"):
            load_ring(keys_dir)

    def test_a_file_that_is_not_a_private_key_is_rejected(self, keys_dir: Path, pems: Pems) -> None:
        public = ECKey.import_key(pems.second).as_pem(private=False)
        path = keys_dir / "20260201T000000Z-bad.pem"
        for content in (b"", b"not a key", public, pems.second[:60]):
            write_private(path, content)
            with pytest.raises(ConfigError, match=r"bad\.pem: is not a PEM private key"):
                load_ring(keys_dir)

    def test_no_private_member_is_published(self, keys_dir: Path, pems: Pems) -> None:
        write_private(keys_dir / "20260201T000000Z-edwards.pem", pems.edwards)

        for key in load_ring(keys_dir).jwks()["keys"]:
            assert "d" not in key

    def test_the_repr_of_a_key_hides_the_private_key(self, keys_dir: Path) -> None:
        (key,) = load_ring(keys_dir).keys

        assert "private" not in repr(key)
