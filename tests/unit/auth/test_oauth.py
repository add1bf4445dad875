"""What lies behind the endpoints: a client that may not authenticate."""

from __future__ import annotations

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError  # type: ignore[import-untyped]
from joserfc.jwk import ECKey, KeySet

from apps.auth_service.hashing import SecretHasher
from apps.auth_service.metrics import Metrics
from apps.auth_service.oauth import AUTH_METHODS, OAuthClient
from tests.unit.auth.support import SECRET

pytestmark = pytest.mark.security


@pytest.fixture
def stand_in() -> KeySet:
    return KeySet([ECKey.generate_key("P-256")])


@pytest.fixture
def nobody(hasher: SecretHasher, stand_in: KeySet) -> OAuthClient:
    return OAuthClient(None, hasher, stand_in, Metrics())


def test_it_has_no_way_to_authenticate(nobody: OAuthClient) -> None:
    assert not nobody.check_client_secret(SECRET)
    assert not any(nobody.check_endpoint_auth_method(way, "token") for way in AUTH_METHODS)


def test_it_has_keys_that_nobody_has(nobody: OAuthClient, stand_in: KeySet) -> None:
    assert nobody.keys is stand_in


def test_its_entry_is_out_of_reach(nobody: OAuthClient) -> None:
    with pytest.raises(InvalidClientError):
        _ = nobody.entry


def test_it_is_granted_nothing(nobody: OAuthClient) -> None:
    with pytest.raises(InvalidClientError):
        nobody.get_allowed_scope("snapshots:read")
    assert not nobody.check_grant_type("password")
