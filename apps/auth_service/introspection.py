"""Token introspection (RFC 7662), limited to the caller's tenant."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError  # type: ignore[import-untyped]
from authlib.oauth2.rfc7662 import IntrospectionEndpoint  # type: ignore[import-untyped]

from apps.auth_service.client_auth import AUTH_METHODS, OAuthClient
from apps.auth_service.clients import ClientRegistry, ServiceClient
from apps.auth_service.metrics import Metrics
from apps.auth_service.reload import Source
from apps.auth_service.tokens import AccessTokens


class IntrospectedToken:
    """A verified token's claims as Authlib's ``TokenMixin`` expects them."""

    def __init__(self, claims: dict[str, Any], owner: ServiceClient | None) -> None:
        """Wrap the claims; ``owner`` is the client's current registry entry, if any."""
        self.claims = claims
        self._owner = owner

    def is_expired(self) -> bool:
        """Return False: expired tokens are rejected earlier."""
        return False

    def is_revoked(self) -> bool:
        """Return whether the client was removed, disabled or moved to another tenant."""
        owner = self._owner
        return owner is None or owner.disabled or owner.tenant != self.claims["tenant"]


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Token introspection (RFC 7662) within the caller's tenant."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def __init__(
        self, tokens: AccessTokens, clients: Source[ClientRegistry], metrics: Metrics
    ) -> None:
        """Store the token verifier, the clients and the metrics."""
        super().__init__()
        self._tokens = tokens
        self._clients = clients
        self._metrics = metrics

    def check_params(self, request: Any, _client: OAuthClient) -> None:  # noqa: ANN401  # Authlib is untyped
        """Require a token. The hint is ignored: there is one kind of token (RFC 7662 §2.1)."""
        if not request.form.get("token"):
            raise InvalidRequestError(description="Missing parameter: token")

    def query_token(self, token_string: str, _hint: str | None) -> IntrospectedToken | None:
        """Verify the token and return it, or None if it is invalid."""
        claims = self._tokens.verify(token_string)
        if claims is None:
            return None
        return IntrospectedToken(claims, self._clients.get().find(str(claims["client_id"])))

    def check_permission(
        self, token: IntrospectedToken, client: OAuthClient, _request: object
    ) -> bool:
        """Return whether the token is of the caller's tenant (RFC 7662 §2.2)."""
        return bool(token.claims["tenant"] == client.entry.tenant)

    def create_introspection_payload(self, token: IntrospectedToken | None) -> dict[str, Any]:
        """Build the response and count it."""
        payload: dict[str, Any] = super().create_introspection_payload(token)
        self._metrics.introspected.labels(active=str(payload["active"]).lower()).inc()
        return payload

    def introspect_token(self, token: IntrospectedToken) -> dict[str, Any]:
        """Return the token's claims."""
        return {"active": True, "token_type": "Bearer", **token.claims}
