"""Access tokens: JWTs in the format of RFC 9068, signed with the key ring."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from apps.auth_service import jose
from apps.auth_service.clients import ServiceClient
from apps.auth_service.keys import KeyRing
from apps.auth_service.reload import Source

TYPE = "at+jwt"  # RFC 9068 §2.1
_REQUIRED: Final[ClaimsOption] = {"essential": True}


class AccessTokens:
    """Issues and verifies access tokens.

    Authlib's generator for RFC 9068 is not used: it signs with its library's default algorithms,
    which exclude EdDSA, and cannot publish a key before the key starts to sign.
    """

    def __init__(
        self,
        keys: Source[KeyRing],
        *,
        issuer: str,
        audience: str,
        lifetime: int,
        clock: Callable[[], float],
    ) -> None:
        """Store the key source and the claims' fixed values.

        Args:
            keys: Provides the current key ring.
            issuer: The ``iss`` claim.
            audience: The ``aud`` claim: the resource server that accepts the tokens.
            lifetime: Seconds from ``iat`` to ``exp``.
            clock: Seconds since the epoch.
        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, client: ServiceClient, scope: str) -> str:
        """Sign a token for a client with a granted scope (RFC 9068 §2.2).

        Raises:
            NoSigningKeyError: No key is active yet.
        """
        now = self._clock()
        key = self._keys.get().signing(now)
        claims = {
            "iss": self._issuer,
            "sub": client.client_id,
            "client_id": client.client_id,
            "aud": self._audience,
            "scope": scope,
            "tenant": client.tenant,
            "iat": int(now),
            "exp": int(now) + self._lifetime,
            "jti": uuid.uuid4().hex,
        }
        header = {"alg": key.algorithm, "typ": TYPE, "kid": key.kid}
        return jose.sign(header, claims, key.private)

    def verify(self, token: str) -> dict[str, Any] | None:
        """Return the claims if this service issued the token and it is valid, else None."""
        validator = JWTClaimsRegistry(
            now=int(self._clock()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub=_REQUIRED,
            client_id=_REQUIRED,
            tenant=_REQUIRED,
            scope=_REQUIRED,
            exp=_REQUIRED,
            iat=_REQUIRED,
            jti=_REQUIRED,
        )
        try:
            parsed = jose.read(token, self._keys.get().public)
            validator.validate(parsed.claims)
        except JoseError:
            return None
        return parsed.claims if parsed.header.get("typ") == TYPE else None
