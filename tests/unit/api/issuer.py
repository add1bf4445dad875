"""A token issuer with real keys, whose key set is served without a network."""

from __future__ import annotations

import json
import warnings
from typing import Any, Literal

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey

from apps.api.settings import AuthSettings
from tests.unit.api.doubles import START

SETTINGS = AuthSettings(
    issuer="https://auth.test",
    jwks_url="https://auth.test/.well-known/jwks.json",
    keys_ttl=300,
    keys_max_stale=600,
    keys_cooldown=30,
)


def ec_key(kid: str, curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid}, auto_kid=False)


def okp_key(kid: str, curve: Literal["Ed25519", "Ed448"] = "Ed25519") -> OKPKey:
    return OKPKey.generate_key(curve, {"kid": kid}, auto_kid=False)


def sign(
    key: Key, *, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: object
) -> str:
    """Sign a token; headers and claims that are None are left out."""
    fields = {"typ": "at+jwt", "alg": alg, "kid": key.kid, **(header or {})}
    body = {
        "iss": SETTINGS.issuer,
        "sub": "acme-ci",
        "client_id": "acme-ci",
        "aud": "coverage-hub",
        "scope": "snapshots:read snapshots:write",
        "tenant": "acme",
        "iat": int(START) - 10,
        "exp": int(START) + 300,
        "jti": "1",
        **claims,
    }
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the library warns about algorithm names that the tests use
        return jwt.encode(
            {name: value for name, value in fields.items() if value is not None},
            {name: value for name, value in body.items() if value is not None},
            key,
            algorithms=[alg],
            default_type=None,
        )


class KeyServer:
    """Serves a key set that a test can change or break; counts the fetches."""

    def __init__(self, *keys: Key) -> None:
        self.keys: list[Any] = [key.as_dict(private=False) for key in keys]
        self.fetches = 0
        self.broken: Exception | httpx.Response | None = None
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.fetches += 1
        if isinstance(self.broken, Exception):
            raise self.broken
        return self.broken or httpx.Response(200, content=json.dumps({"keys": self.keys}))
