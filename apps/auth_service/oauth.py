"""OAuth 2.0 for machine clients: this service's policy on top of Authlib's protocol.

Authlib carries RFC 6749. What is decided here: every client failure looks the same from outside, a
request authenticates in one way only, and a client is held to its rate.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
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
from flask import Response, request
from joserfc.jwk import ECKey, KeySet
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from apps.auth_service.client_auth import (
    ASSERTION_METHOD,
    AUTH_METHODS,
    GRANT_TYPE,
    ClientAssertion,
    OAuthClient,
)
from apps.auth_service.clients import ServiceClient
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.introspection import Introspection
from apps.auth_service.metrics import Metrics
from apps.auth_service.parts import Parts
from apps.auth_service.tokens import AccessTokens
from logging_lib import get_logger

log = get_logger(__name__)

_FORM = "application/x-www-form-urlencoded"

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


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """The grant (RFC 6749 §4.4), open to the three ways to authenticate."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


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
