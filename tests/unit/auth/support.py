"""Builders and doubles for the auth suite's tests."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey
from werkzeug.test import TestResponse

from apps.auth_service import jose

T = TypeVar("T")

ISSUER = "http://localhost"
SECRET = "correct-horse-battery-staple"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Clock:
    """A clock that moves only when a test advances it."""

    now: float

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FixedSource(Generic[T]):
    """Replaces a Reloading: returns the value that the test has set."""

    value: T
    stale: bool = False

    def get(self) -> T:
        return self.value


@dataclass(frozen=True)
class Pems:
    """Private keys as PEM, created once per session."""

    first: bytes
    second: bytes
    edwards: bytes
    rsa: bytes
    p384: bytes
    encrypted: bytes


@dataclass
class AssertionMaker:
    """Creates client assertions of the client ``robot``, each with a unique jti."""

    key: ECKey | OKPKey
    clock: Clock
    count: int = 0
    alg: str = "ES256"

    def claims(self, **changes: object) -> dict[str, Any]:
        """Return valid claims with changes; None removes a claim."""
        self.count += 1
        now = int(self.clock())
        claims = {
            "iss": "robot",
            "sub": "robot",
            "aud": f"{ISSUER}/oauth/token",
            "iat": now,
            "exp": now + 60,
            "jti": f"jti-{self.count}",
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def __call__(self, *, signed_by: Key | None = None, **changes: object) -> str:
        return jose.sign({"alg": self.alg}, self.claims(**changes), signed_by or self.key)

    def raw(self, header: dict[str, Any], payload: bytes, key: Key | None) -> str:
        """Sign anything with any algorithm or none, as an attacker would."""
        if key is None:
            parts = (json.dumps(header).encode(), payload, b"")
            return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        registry = jws.JWSRegistry(algorithms=[str(header.get("alg"))], strict_check_header=False)
        return jws.serialize_compact(header, payload, key, registry=registry)


def write_private(path: Path, content: bytes | str, mode: int = 0o600) -> Path:
    """Write a file with exactly this mode, regardless of the umask."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def touch(path: Path, content: bytes) -> None:
    """Replace a file's content so that its fingerprint is certain to change."""
    temporary = write_private(path.with_name(".new"), content)
    os.replace(temporary, path)  # noqa: PTH105  # gives the path a new inode


def write_clients(path: Path, *entries: dict[str, Any]) -> Path:
    """Write a registry file."""
    return write_private(path, json.dumps({"clients": entries}))


def post_form(
    client: FlaskClient,
    *,
    auth_as: str = "ci",
    secret: str = SECRET,
    path: str = "/oauth/token",
    **form: str,
) -> TestResponse:
    """Post a form, authenticated with a secret (client_secret_basic)."""
    form.setdefault("grant_type", "client_credentials")
    return client.post(path, data=form, auth=(auth_as, secret))


def assert_with(client: FlaskClient, assertion: str, **form: str) -> TestResponse:
    """Request a token with a client assertion (private_key_jwt)."""
    form.setdefault("grant_type", "client_credentials")
    form.setdefault("client_assertion_type", ASSERTION_TYPE)
    return client.post("/oauth/token", data={"client_assertion": assertion, **form})


def error_of(response: TestResponse) -> str:
    """Return the OAuth error code of a response."""
    body = response.get_json()
    assert isinstance(body, dict)
    return str(body["error"])


def metric(client: FlaskClient, sample: str) -> float:
    """Return the value of a sample of /metrics, or zero if it is missing."""
    for line in client.get("/metrics").text.splitlines():
        name, _, value = line.rpartition(" ")
        if name == sample:
            return float(value)
    return 0.0
