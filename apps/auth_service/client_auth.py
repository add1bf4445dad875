"""Client authentication: what a client must show, and what becomes of one that is unknown.

Every failure costs the same work, and a client assertion is good for one use.
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
    """The service cannot decide now, and therefore refuses."""

    error = "temporarily_unavailable"
    description = "The service cannot answer this request now."
    status_code = 503


class OAuthClient:
    """A registry entry as Authlib's ``ClientMixin`` expects it.

    A client that is unknown or disabled is one too: it does the work of authenticating, and fails.
    """

    def __init__(
        self,
        entry: ServiceClient | None,
        hasher: SecretHasher,
        stand_in: KeySet,
        metrics: Metrics,
    ) -> None:
        """Wrap an entry; None stands for a client that may not authenticate."""
        self._entry = entry
        self._hasher = hasher
        self._metrics = metrics
        self.keys = stand_in if entry is None or entry.keys is None else entry.keys

    @property
    def entry(self) -> ServiceClient:
        """The registry entry of a client that has authenticated."""
        if self._entry is None:
            raise InvalidClientError
        return self._entry

    def check_client_secret(self, secret: str) -> bool:
        """Verify the secret; takes the same time for a client that has none."""
        encoded = None if self._entry is None else self._entry.secret_hash
        if not self._hasher.verify(encoded, secret):
            return False
        if encoded is not None and self._hasher.needs_rehash(encoded):
            self._metrics.rehash_needed.inc()
            log.warning("client_secret_rehash_needed", client_id=self.entry.client_id)
        return True

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Tell whether the client has the credential that a method needs."""
        if self._entry is None:
            return False
        if method == ASSERTION_METHOD:
            return self._entry.keys is not None
        return self._entry.secret_hash is not None

    def check_grant_type(self, grant_type: str) -> bool:
        """Machine clients have the client credentials grant and no other."""
        return grant_type == GRANT_TYPE

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope to grant: what was asked for, or by default all the client has.

        None, which becomes ``invalid_scope``, when it asks for more than it has: it is told so
        rather than handed less (RFC 6749 §3.3).
        """
        allowed = self.entry.scopes
        asked = list(dict.fromkeys((scope or "").split())) or list(allowed)
        return " ".join(asked) if set(asked) <= set(allowed) else None


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """``private_key_jwt`` (RFC 7523 §2.2): short-lived, for this issuer, good for one use."""

    CLIENT_AUTH_METHOD = ASSERTION_METHOD

    def __init__(self, settings: Settings, replay: ReplayCache, clock: Callable[[], float]) -> None:
        """Bind the audience, the limits and the memory of what was used."""
        super().__init__(leeway=settings.assertions.leeway)
        self._audiences = [settings.issuer, f"{settings.issuer}/oauth/token"]
        self._max_lifetime = settings.assertions.max_lifetime
        self._replay = replay
        self._clock = clock

    def get_audiences(self) -> list[str]:
        """Return the issuer and the token endpoint (RFC 7523 §3)."""
        return self._audiences

    def resolve_client_public_key(self, client: OAuthClient) -> KeySet:
        """Return the client's keys, or ones that nobody has."""
        return client.keys

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the assertion, not verified yet, to learn which client it claims to come from."""
        try:
            headers, claims = super().extract_assertion(assertion)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise InvalidClientError(description="Malformed assertion") from error
        return headers, claims

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> dict[str, Any]:
        """Verify the signature with this service's algorithms alone, then judge the claims."""
        try:
            claims = jose.read(assertion, resolve_key).claims
        except JoseError as error:
            raise InvalidClientError(description=f"Assertion refused, {error.error}") from error
        self.verify_claims(claims)
        return claims

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        """Note the ``jti``; called last, once the signature and the other claims are verified.

        Returns:
            False when it was used before.

        Raises:
            InvalidClientError: The assertion lives too long or may have been used before the
                replay cache began.
            UnavailableError: The client's share of the cache is full, so nothing can be promised.
        """
        if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
            raise InvalidClientError(description="Unusable jti")
        if claims["exp"] > self._clock() + self._max_lifetime + self.leeway:
            raise InvalidClientError(description="Assertion lives too long")
        issued_at = claims.get("iat")
        if issued_at is None or issued_at < math.floor(self._replay.since):
            # an earlier process may have accepted it, and took its memory of that along
            raise InvalidClientError(description="Assertion without iat, or older than the service")
        # a second more than it is accepted for: the check of exp looks at whole seconds
        forgotten_at = claims["exp"] + self.leeway + 1
        verdict = self._replay.remember(claims["sub"], jti, forgotten_at)
        if verdict is Verdict.FULL:
            log.error("replay_cache_full", client_id=claims["sub"])
            raise UnavailableError
        return verdict is Verdict.FRESH
