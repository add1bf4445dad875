from __future__ import annotations

import re

import pytest

from apps.auth_service.hashing import SecretHasher, is_argon2id, new_secret
from apps.auth_service.settings import SecretSettings
from tests.unit.auth.support import SECRET


@pytest.mark.security
def test_only_the_right_secret_is_accepted(hasher: SecretHasher, secret_hash: str) -> None:
    assert hasher.verify(secret_hash, SECRET)
    for wrong in ("", SECRET[:-1], SECRET + " ", secret_hash):
        assert not hasher.verify(secret_hash, wrong)


@pytest.mark.security
def test_without_a_hash_the_same_work_is_done_and_the_secret_rejected(
    hasher: SecretHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = hasher._hasher.verify

    def verify_and_record(encoded: str, secret: str) -> bool:
        verified.append(encoded)
        return verify(encoded, secret)

    monkeypatch.setattr(
        type(hasher._hasher), "verify", lambda _self, *args: verify_and_record(*args)
    )

    assert not hasher.verify(None, SECRET)
    assert [is_argon2id(encoded) for encoded in verified] == [True]


@pytest.mark.security
def test_secrets_are_long_and_unique() -> None:
    generated = {new_secret() for _ in range(50)}

    assert len(generated) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in generated)


@pytest.mark.architecture
def test_a_hash_with_other_parameters_needs_a_rehash(
    hasher: SecretHasher, secret_hash: str
) -> None:
    stronger = SecretHasher(SecretSettings(time_cost=2, memory_cost=7168, parallelism=1))

    assert not hasher.needs_rehash(secret_hash)
    assert stronger.needs_rehash(secret_hash)
    assert stronger.verify(secret_hash, SECRET)


@pytest.mark.reliability
@pytest.mark.parametrize(
    "encoded", ["", "plain", "$argon2id$v=19$m=1", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"]
)
def test_an_invalid_hash_accepts_no_secret(hasher: SecretHasher, encoded: str) -> None:
    assert not is_argon2id(encoded)
    assert not hasher.verify(encoded, SECRET)
