from __future__ import annotations

import pytest
from joserfc.jwk import OKPKey

from apps.auth_service.clients import ClientRegistry
from apps.auth_service.keys import KeyRing, NoSigningKeyError
from apps.auth_service.tokens import AccessTokens
from tests.unit.auth.support import Clock, FixedSource, Pems


@pytest.fixture
def tokens(key_source: FixedSource[KeyRing], clock: Clock) -> AccessTokens:
    return AccessTokens(key_source, issuer="https://a", audience="hub", lifetime=60, clock=clock)


@pytest.fixture
def token(tokens: AccessTokens, client_source: FixedSource[ClientRegistry]) -> str:
    return tokens.issue(client_source.value.clients["ci"], "snapshots:read")


@pytest.mark.architecture
def test_an_issued_token_is_valid(tokens: AccessTokens, token: str, clock: Clock) -> None:
    claims = tokens.verify(token)

    assert claims is not None
    assert (claims["sub"], claims["tenant"], claims["aud"]) == ("ci", "acme", "hub")
    assert claims["exp"] == int(clock()) + 60


@pytest.mark.security
@pytest.mark.parametrize(("issuer", "audience"), [("https://b", "hub"), ("https://a", "other")])
def test_a_token_with_another_issuer_or_audience_is_invalid(
    key_source: FixedSource[KeyRing], clock: Clock, token: str, issuer: str, audience: str
) -> None:
    other = AccessTokens(key_source, issuer=issuer, audience=audience, lifetime=60, clock=clock)

    assert other.verify(token) is None


@pytest.mark.security
def test_an_expired_token_is_invalid(tokens: AccessTokens, token: str, clock: Clock) -> None:
    clock.advance(60)

    assert tokens.verify(token) is None


@pytest.mark.reliability
def test_a_token_is_valid_until_its_key_is_retired(
    tokens: AccessTokens, token: str, key_source: FixedSource[KeyRing], pems: Pems
) -> None:
    (old,) = key_source.value.keys
    private = OKPKey.import_key(pems.edwards)
    new = type(old)(private.thumbprint(), "EdDSA", old.active_from, private, old.path)

    key_source.value = KeyRing((old, new))
    assert tokens.verify(token) is not None
    key_source.value = KeyRing((new,))
    assert tokens.verify(token) is None


@pytest.mark.reliability
def test_without_an_active_key_no_token_is_issued(
    tokens: AccessTokens, client_source: FixedSource[ClientRegistry], clock: Clock
) -> None:
    clock.advance(-7200)

    with pytest.raises(NoSigningKeyError):
        tokens.issue(client_source.value.clients["ci"], "snapshots:read")
