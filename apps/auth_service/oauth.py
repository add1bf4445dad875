"""OAuth 2.0 for machine clients: this service's policy on top of Authlib.

Authlib implements RFC 6749. This module adds that all client authentication failures look the
same to the caller, that a request may use only one authentication method, and that each client
has a rate limit.
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

# Authlib writes access tokens to its debug log.
logging.getLogger("authlib.oauth2").setLevel(logging.INFO)


class TooManyRequestsError(OAuth2Error):  # type: ignore[misc]
    """The client exceeded its rate; ``slow_down`` is an error code of RFC 8628."""

    error = "slow_down"
    description = "The client has exceeded its rate of token requests."
    status_code = 429

    def __init__(self, retry_after: int) -> None:
        """Store the number of seconds to wait."""
        super().__init__()
        self._retry_after = retry_after

    def get_headers(self) -> list[tuple[str, str]]:
        """Add ``Retry-After`` in seconds (RFC 9110 §10.2.3)."""
        return [*super().get_headers(), ("Retry-After", str(self._retry_after))]


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """The client credentials grant (RFC 6749 §4.4) with all authentication methods."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server with this service's clients, tokens and errors."""

    def __init__(self, parts: Parts, tokens: AccessTokens, metrics: Metrics) -> None:
        """Set up the grant, the authentication methods and the introspection endpoint."""
        super().__init__()
        settings = parts.settings
        self._settings = settings
        self._clients = parts.clients
        self._metrics = metrics
        self._hasher = SecretHasher(settings.secrets)
        self._dummy_keys = KeySet([ECKey.generate_key("P-256")])
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
        """Return a client object for any identifier; only enabled clients can authenticate."""
        entry = self._clients.get().find(client_id)
        if entry is not None and entry.disabled:
            entry = None
        return OAuthClient(entry, self._hasher, self._dummy_keys, self._metrics)

    def save_token(self, token: dict[str, Any], request: Any) -> None:  # noqa: ANN401  # Authlib is untyped
        """Count and log the token. Nothing is stored, since tokens are self-contained."""
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
        """Reject a request that is insecure or that RFC 6749 does not allow."""
        check_request(insecure_transport=self._settings.insecure_transport)
        return super().create_oauth2_request(request)

    def authenticate_client(
        self,
        request: Any,  # noqa: ANN401  # Authlib is untyped
        methods: Sequence[str],
        endpoint: str = "token",
    ) -> OAuthClient:
        """Authenticate the client and, at the token endpoint, apply its rate limit.

        Raises:
            InvalidClientError: Authentication failed, or the form names another client.
            TooManyRequestsError: The client has exceeded its rate.
        """
        try:
            client: OAuthClient = super().authenticate_client(request, methods, endpoint)
        except ValueError as error:  # Basic credentials that are not base64 or not UTF-8
            raise InvalidClientError(description="Malformed credentials") from error
        form_client_id = request.form.get("client_id")
        if form_client_id is not None and form_client_id != client.entry.client_id:
            raise InvalidClientError(description="client_id names another client")
        if endpoint == "token":
            self._check_rate(client.entry)
        return client

    def handle_error_response(self, _request: object, error: Any) -> Response:  # noqa: ANN401  # Authlib is untyped
        """Return the error response (RFC 6749 §5.2), without revealing details."""
        if isinstance(error, UnsupportedGrantTypeError):  # Authlib's description repeats the input
            error = (
                OAuth2Error(error=error.error, description=f"Only {GRANT_TYPE} is supported.")
                if error.grant_type
                else InvalidRequestError(description="Missing parameter: grant_type")
            )
        self._metrics.rejected.labels(endpoint=str(request.endpoint), error=error.error).inc()
        log.warning("oauth_request_refused", error=error.error, reason=error.description)
        if isinstance(error, InvalidClientError):
            return self._invalid_client_response()
        status, body, headers = error()
        return self.handle_response(status, body, headers)  # type: ignore[no-any-return]

    def _invalid_client_response(self) -> Response:
        error = InvalidClientError(description="Client authentication failed.")
        _status, body, headers = error()
        # RFC 9110 §11.6.1 requires the challenge, RFC 7617 §2 the realm
        challenge = ("WWW-Authenticate", f'Basic realm="{self._settings.issuer}", charset="UTF-8"')
        return self.handle_response(401, body, [*headers, challenge])  # type: ignore[no-any-return]

    def _check_rate(self, entry: ServiceClient) -> None:
        if not self._limiter.hit(entry.rate, entry.client_id):
            reset = self._limiter.get_window_stats(entry.rate, entry.client_id).reset_time
            # the limiter uses the system clock, not the injected one
            raise TooManyRequestsError(max(1, math.ceil(reset - time.time())))


def check_request(*, insecure_transport: bool) -> None:
    """Check the current request before its credentials are read.

    Raises:
        InsecureTransportError: The request came over plain http, which is not allowed.
        InvalidRequestError: The body is not a form, the URL has parameters, a parameter is
            repeated, or several authentication methods are used (RFC 6749 §2.3, §3.2).
    """
    if not (request.is_secure or insecure_transport):
        raise InsecureTransportError
    if request.mimetype != _FORM:
        raise InvalidRequestError(description=f"The body must be {_FORM}.")
    if request.args:
        raise InvalidRequestError(description="Parameters must be in the body, not in the URL.")
    if any(len(values) > 1 for _name, values in request.form.lists()):
        raise InvalidRequestError(description="A parameter is given more than once.")
    methods_used = (
        "Authorization" in request.headers,
        "client_secret" in request.form,
        "client_assertion" in request.form,
    )
    if sum(methods_used) > 1:
        raise InvalidRequestError(
            description="The request uses more than one authentication method."
        )
