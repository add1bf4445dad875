"""Client authentication with secrets and signed assertions.

All failures take the same amount of work, and a client assertion can be used only once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    InvalidClientError,
    OAuth2Error,
)
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.auth_service import jose
from apps.auth_service.clients import ServiceClient
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.metrics import Metrics
from apps.auth_service.replay import ReplayCache, Verdict
from apps.auth_service.settings import Settings
from logging_lib import get_logger

log = get_logger(__name__)

SECRET_METHODS = ("client_secret_basic", "client_secret_post")
ASSERTION_METHOD = "private_key_jwt"
AUTH_METHODS = (*SECRET_METHODS, ASSERTION_METHOD)
GRANT_TYPE = "client_credentials"
_MAX_JTI = 256


class UnavailableError(OAuth2Error):  # type: ignore[misc]
    """The service cannot decide at the moment, so the request fails."""

    error = "temporarily_unavailable"
    description = "The service cannot handle this request at the moment."
    status_code = 503


class OAuthClient:
    """A registry entry as Authlib's ``ClientMixin`` expects it.

    Also represents unknown and disabled clients, whose authentication always fails, after the
    same amount of work.
    """

    def __init__(
        self,
        entry: ServiceClient | None,
        hasher: SecretHasher,
        dummy_keys: KeySet,
        metrics: Metrics,
    ) -> None:
        """Wrap an entry, or None for a client that may not authenticate."""
        self._entry = entry
        self._hasher = hasher
        self._metrics = metrics
        self.keys = dummy_keys if entry is None or entry.keys is None else entry.keys

    @property
    def entry(self) -> ServiceClient:
        """The registry entry of an authenticated client."""
        if self._entry is None:
            raise InvalidClientError
        return self._entry

    def check_client_secret(self, secret: str) -> bool:
        """Verify the secret, in the same time for a client that has none."""
        encoded = None if self._entry is None else self._entry.secret_hash
        if not self._hasher.verify(encoded, secret):
            return False
        if encoded is not None and self._hasher.needs_rehash(encoded):
            self._metrics.rehash_needed.inc()
            log.warning("client_secret_rehash_needed", client_id=self.entry.client_id)
        return True

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the client has the credential that the method requires."""
        if self._entry is None:
            return False
        if method == ASSERTION_METHOD:
            return self._entry.keys is not None
        return self._entry.secret_hash is not None

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether this is the client credentials grant, the only one supported."""
        return grant_type == GRANT_TYPE

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope to grant: the requested one, or by default all of the client's scopes.

        Returns None (``invalid_scope``) if the client requests a scope it does not have; the
        request is not silently narrowed (RFC 6749 §3.3).
        """
        allowed = self.entry.scopes
        requested = list(dict.fromkeys((scope or "").split())) or list(allowed)
        return " ".join(requested) if set(requested) <= set(allowed) else None


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """``private_key_jwt`` (RFC 7523 §2.2): short-lived, for this issuer, single-use."""

    CLIENT_AUTH_METHOD = ASSERTION_METHOD

    def __init__(self, settings: Settings, replay: ReplayCache, clock: Callable[[], float]) -> None:
        """Store the audiences, the limits and the replay cache."""
        super().__init__(leeway=settings.assertions.leeway)
        self._audiences = [settings.issuer, f"{settings.issuer}/oauth/token"]
        self._max_lifetime = settings.assertions.max_lifetime
        self._replay = replay
        self._clock = clock

    def get_audiences(self) -> list[str]:
        """Return the issuer and the token endpoint (RFC 7523 §3)."""
        return self._audiences

    def resolve_client_public_key(self, client: OAuthClient) -> KeySet:
        """Return the client's keys, or dummy keys that match no signature."""
        return client.keys

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parse the unverified assertion to find the client it claims to come from."""
        try:
            headers, claims = super().extract_assertion(assertion)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise InvalidClientError(description="Malformed assertion") from error
        return headers, claims

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> dict[str, Any]:
        """Verify the signature with the supported algorithms only, then check the claims."""
        try:
            claims = jose.read(assertion, resolve_key).claims
        except JoseError as error:
            raise InvalidClientError(description=f"Assertion rejected: {error.error}") from error
        self.verify_claims(claims)
        return claims

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        """Record the ``jti``. Called last, after the signature and the other claims are verified.

        Returns:
            False if it was used before.

        Raises:
            InvalidClientError: The assertion's lifetime is too long, or it may have been used
                before the replay cache existed.
            UnavailableError: The client's share of the replay cache is full.
        """
        if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
            raise InvalidClientError(description="Invalid jti")
        if claims["exp"] > self._clock() + self._max_lifetime + self.leeway:
            raise InvalidClientError(description="Assertion lifetime too long")
        issued_at = claims.get("iat")
        if issued_at is None or issued_at < math.floor(self._replay.since):
            # an earlier process, whose replay cache is gone, may have accepted it
            raise InvalidClientError(description="Assertion has no iat or predates this process")
        # one second longer than it is accepted, because exp is checked in whole seconds
        expires_at = claims["exp"] + self.leeway + 1
        verdict = self._replay.remember(claims["sub"], jti, expires_at)
        if verdict is Verdict.FULL:
            log.error("replay_cache_full", client_id=claims["sub"])
            raise UnavailableError
        return verdict is Verdict.FRESH
