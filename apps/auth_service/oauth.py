"""OAuth 2.0 for machine clients: this service's policy on top of Authlib's protocol.

Authlib carries RFC 6749 (client credentials), RFC 7523 (client assertions) and RFC 7662
(introspection). What is decided here: every client failure looks the same from outside and costs
the same, an assertion is good for one use, a request authenticates in one way only.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from authlib.integrations.flask_oauth2 import (  # type: ignore[import-untyped]
    AuthorizationServer,
)
from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.errors import (  # type: ignore[import-untyped]
    InsecureTransportError,
)
from authlib.oauth2.rfc6749.grants import (  # type: ignore[import-untyped]
    ClientCredentialsGrant,
)
from authlib.oauth2.rfc6750 import BearerTokenGenerator  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from authlib.oauth2.rfc7662 import IntrospectionEndpoint  # type: ignore[import-untyped]
from flask import Response, request
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from apps.auth_service import jose
from apps.auth_service.clients import ClientRegistry, ServiceClient
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.metrics import Metrics
from apps.auth_service.parts import Parts
from apps.auth_service.reload import Source
from apps.auth_service.replay import ReplayCache, Verdict
from apps.auth_service.settings import Settings
from apps.auth_service.tokens import AccessTokens
from logging_lib import get_logger

log = get_logger(__name__)

SECRET_METHODS = ("client_secret_basic", "client_secret_post")
ASSERTION_METHOD = "private_key_jwt"
AUTH_METHODS = (*SECRET_METHODS, ASSERTION_METHOD)
GRANT_TYPE = "client_credentials"
_FORM = "application/x-www-form-urlencoded"
_MAX_JTI = 256

# Authlib writes whole access tokens to its debug log.
logging.getLogger("authlib.oauth2").setLevel(logging.INFO)


class TooManyRequestsError(OAuth2Error):  # type: ignore[misc]
    """The client used up its rate; ``slow_down`` is RFC 8628's word for it."""

    error = "slow_down"
    description = "The client has used up its rate of token requests."
    status_code = 429

    def __init__(self, retry_after: int) -> None:
        """Remember the seconds to wait."""
        super().__init__()
        self._retry_after = retry_after

    def get_headers(self) -> list[tuple[str, str]]:
        """Add ``Retry-After`` in seconds (RFC 9110 §10.2.3)."""
        return [*super().get_headers(), ("Retry-After", str(self._retry_after))]


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


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """The grant (RFC 6749 §4.4), open to the three ways to authenticate."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


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


class IntrospectedToken:
    """A verified token's claims as Authlib's ``TokenMixin`` expects them."""

    def __init__(self, claims: dict[str, Any], owner: ServiceClient | None) -> None:
        """Wrap the claims; ``owner`` is the token's client as the registry has it now."""
        self.claims = claims
        self._owner = owner

    def is_expired(self) -> bool:
        """Expired tokens do not get this far."""
        return False

    def is_revoked(self) -> bool:
        """A token ends with its client: removed, disabled or moved to another tenant."""
        owner = self._owner
        return owner is None or owner.disabled or owner.tenant != self.claims["tenant"]


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Token introspection (RFC 7662) within the caller's tenant."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def __init__(
        self, tokens: AccessTokens, clients: Source[ClientRegistry], metrics: Metrics
    ) -> None:
        """Bind what verifies tokens and what knows their clients."""
        super().__init__()
        self._tokens = tokens
        self._clients = clients
        self._metrics = metrics

    def check_params(self, request: Any, _client: OAuthClient) -> None:  # noqa: ANN401  # Authlib is untyped
        """Ask for the token; the hint is for services with several kinds (RFC 7662 §2.1)."""
        if not request.form.get("token"):
            raise InvalidRequestError(description="Missing parameter: token")

    def query_token(self, token_string: str, _hint: str | None) -> IntrospectedToken | None:
        """Verify the token."""
        claims = self._tokens.verify(token_string)
        if claims is None:
            return None
        return IntrospectedToken(claims, self._clients.get().find(str(claims["client_id"])))

    def check_permission(
        self, token: IntrospectedToken, client: OAuthClient, _request: object
    ) -> bool:
        """Keep tenants apart: another's token reads like no token (RFC 7662 §2.2)."""
        return bool(token.claims["tenant"] == client.entry.tenant)

    def create_introspection_payload(self, token: IntrospectedToken | None) -> dict[str, Any]:
        """Compose the answer and count it."""
        payload: dict[str, Any] = super().create_introspection_payload(token)
        self._metrics.introspected.labels(active=str(payload["active"]).lower()).inc()
        return payload

    def introspect_token(self, token: IntrospectedToken) -> dict[str, Any]:
        """Return the token's claims."""
        return {"active": True, "token_type": "Bearer", **token.claims}


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server with this service's clients, tokens and refusals."""

    def __init__(self, parts: Parts, tokens: AccessTokens, metrics: Metrics) -> None:
        """Wire the grant, the ways to authenticate and the introspection endpoint."""
        super().__init__()
        settings = parts.settings
        self._settings = settings
        self._clients = parts.clients
        self._metrics = metrics
        self._hasher = SecretHasher(settings.secrets)
        self._stand_in = KeySet([ECKey.generate_key("P-256")])
        self._limiter: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda client, scope, **_: tokens.issue(client.entry, scope),
                expires_generator=settings.token_lifetime,
            ),
        )
        self.register_client_auth_method(
            ASSERTION_METHOD, ClientAssertion(settings, parts.replay, parts.clock)
        )
        self.register_grant(ClientCredentials)
        self.register_endpoint(Introspection(tokens, parts.clients, metrics))

    def query_client(self, client_id: str) -> OAuthClient:
        """Return a client for any identifier; only an enabled one can authenticate."""
        entry = self._clients.get().find(client_id)
        if entry is not None and entry.disabled:
            entry = None
        return OAuthClient(entry, self._hasher, self._stand_in, self._metrics)

    def save_token(self, token: dict[str, Any], request: Any) -> None:  # noqa: ANN401  # Authlib is untyped
        """Store nothing, a token speaks for itself; count it and log for whom it is."""
        entry = request.client.entry
        self._metrics.issued.inc()
        log.info(
            "token_issued",
            client_id=entry.client_id,
            tenant=entry.tenant,
            scope=token["scope"],
            method=request.auth_method,
        )

    def create_oauth2_request(self, request: object) -> Any:  # noqa: ANN401  # Authlib is untyped
        """Refuse a request that is insecure or not in the shape that RFC 6749 asks for."""
        check_request(insecure_transport=self._settings.insecure_transport)
        return super().create_oauth2_request(request)

    def authenticate_client(
        self,
        request: Any,  # noqa: ANN401  # Authlib is untyped
        methods: Sequence[str],
        endpoint: str = "token",
    ) -> OAuthClient:
        """Authenticate the client, then hold it to its rate where tokens are issued.

        Raises:
            InvalidClientError: It is not authenticated, or the form names another client.
            TooManyRequestsError: It has used up its rate.
        """
        try:
            client: OAuthClient = super().authenticate_client(request, methods, endpoint)
        except ValueError as error:  # Basic credentials that are not base64 or not UTF-8
            raise InvalidClientError(description="Malformed credentials") from error
        named = request.form.get("client_id")
        if named is not None and named != client.entry.client_id:
            raise InvalidClientError(description="client_id names another client")
        if endpoint == "token":
            self._check_rate(client.entry)
        return client

    def handle_error_response(self, _request: object, error: Any) -> Response:  # noqa: ANN401  # Authlib is untyped
        """Answer with the error (RFC 6749 §5.2), saying no more than a stranger may know."""
        if isinstance(error, UnsupportedGrantTypeError):  # its own description repeats the input
            error = (
                OAuth2Error(error=error.error, description=f"The only one is {GRANT_TYPE}.")
                if error.grant_type
                else InvalidRequestError(description="Missing parameter: grant_type")
            )
        self._metrics.refused.labels(endpoint=str(request.endpoint), error=error.error).inc()
        log.warning("oauth_request_refused", error=error.error, reason=error.description)
        if isinstance(error, InvalidClientError):
            return self._client_refused()
        status, body, headers = error()
        return self.handle_response(status, body, headers)  # type: ignore[no-any-return]

    def _client_refused(self) -> Response:
        refusal = InvalidClientError(description="Client authentication failed.")
        _status, body, headers = refusal()
        # RFC 9110 §11.6.1 wants the challenge, RFC 7617 §2 the realm
        challenge = ("WWW-Authenticate", f'Basic realm="{self._settings.issuer}", charset="UTF-8"')
        return self.handle_response(401, body, [*headers, challenge])  # type: ignore[no-any-return]

    def _check_rate(self, entry: ServiceClient) -> None:
        if not self._limiter.hit(entry.rate, entry.client_id):
            reset = self._limiter.get_window_stats(entry.rate, entry.client_id).reset_time
            # the limiter's own clock, not the injected one
            raise TooManyRequestsError(max(1, math.ceil(reset - time.time())))


def check_request(*, insecure_transport: bool) -> None:
    """Check the current request before anything is read from it.

    Raises:
        InsecureTransportError: It came over plain http and that is not allowed.
        InvalidRequestError: It is not a form, has parameters in the URL, repeats one, or uses
            several ways to authenticate at once (RFC 6749 §2.3, §3.2).
    """
    if not (request.is_secure or insecure_transport):
        raise InsecureTransportError
    if request.mimetype != _FORM:
        raise InvalidRequestError(description=f"The body must be {_FORM}.")
    if request.args:
        raise InvalidRequestError(description="Parameters belong into the body, not the URL.")
    if any(len(values) > 1 for _name, values in request.form.lists()):
        raise InvalidRequestError(description="A parameter is given more than once.")
    ways = (
        "Authorization" in request.headers,
        "client_secret" in request.form,
        "client_assertion" in request.form,
    )
    if sum(ways) > 1:
        raise InvalidRequestError(description="The client authenticates in more than one way.")
