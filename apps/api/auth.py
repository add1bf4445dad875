"""Authentication: a bearer token in, the principal it speaks for out."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from typing import Annotated, Any, Final, Protocol, get_args

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from msgspec import Meta, Struct

from apps.api.jwks import Algorithm, KeyCache, KeysUnavailableError
from apps.api.problems import ProblemError
from apps.api.settings import AuthSettings

REALM: Final = "coverage-hub"
MAX_TOKEN_LENGTH: Final = 8192
_ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
# RFC 9068 §4: the type may be written with or without the media type's tree
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})

Identifier = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]


class Principal(Struct, frozen=True):
    """Who a request speaks for."""

    tenant: str
    client_id: str
    scopes: frozenset[str]


class AuthProvider(Protocol):
    """Anything that can tell who sent a request."""

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the principal of an ``Authorization`` field's value.

        Raises:
            ProblemError: 401 where the value proves nothing, 503 where that cannot be told.
        """

    def ready(self) -> bool:
        """Whether tokens can be verified now."""


def challenge(error: str | None = None, description: str = "", scope: str = "") -> dict[str, str]:
    """The ``WWW-Authenticate`` field (RFC 6750 §3); without a token it carries no error code."""
    parameters = {
        "realm": REALM,
        "error": error,
        "error_description": description,
        "scope": scope,
    }
    shown = ", ".join(f'{name}="{value}"' for name, value in parameters.items() if value)
    return {"WWW-Authenticate": f"Bearer {shown}"}


def insufficient_scope(scope: str) -> ProblemError:
    """The refusal of a token that is valid but may not do this (RFC 6750 §3.1)."""
    detail = f"The token lacks the scope {scope}."
    return ProblemError(
        HTTPStatus.FORBIDDEN,
        detail,
        kind="insufficient-scope",
        headers=challenge("insufficient_scope", detail, scope),
    )


class _Claims(Struct):
    """The claims that the API acts on (RFC 9068 §2.2), and the tenant."""

    tenant: Identifier
    client_id: Identifier
    scope: str = ""


class _Registry(JWSRegistry):
    """ES256 and EdDSA, nothing else: no ``none``, no HMAC that a public key could be fed to.

    The library warns of the name ``EdDSA``, which RFC 9864 deprecates for leaving the curve open.
    The key cache closes it to Ed25519, so the warning is left out.
    """

    def get_alg(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the type is private to joserfc
        if name not in _ALGORITHMS:
            raise UnsupportedAlgorithmError(f"the algorithm {name!r} is not allowed")
        return self.algorithms[name]


_registry: Final = _Registry(algorithms=_ALGORITHMS)


class _InvalidTokenError(Exception):
    """A token that is not accepted; the message is for the log and the client, without claims."""


class JwtAuthProvider:
    """Verifies JWT access tokens (RFC 9068) with the issuer's published keys."""

    def __init__(
        self, keys: KeyCache, settings: AuthSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Bind the provider.

        Args:
            keys: Where verification keys come from.
            settings: Issuer, audience and leeway.
            clock: Seconds since the epoch.
        """
        self._keys = keys
        self._settings = settings
        self._clock = clock

    def ready(self) -> bool:
        """Whether the issuer's keys are at hand or can be had."""
        return self._keys.ready()

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the principal of an ``Authorization`` field's value (RFC 6750 §2.1).

        Raises:
            ProblemError: 401 for no token or one that is not accepted, 503 without keys.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "A bearer token is needed.", headers=challenge()
            )
        try:
            return self._verify(token)
        except _InvalidTokenError as error:
            detail = f"The token is not accepted: {error}."
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                detail,
                kind="invalid-token",
                headers=challenge("invalid_token", detail),
            ) from error
        except KeysUnavailableError as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Tokens cannot be verified at the moment: the issuer's keys cannot be had.",
                kind="keys-unavailable",
                headers={"Retry-After": str(ceil(error.retry_after))},
            ) from error

    def _verify(self, token: str) -> Principal:
        kid, algorithm = _read_header(token)
        key = self._keys.find(kid, algorithm)
        if key is None:
            raise _InvalidTokenError("its key is unknown")
        try:
            claims = jwt.decode(token, key, registry=_registry).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise _InvalidTokenError("its signature or form is wrong") from error
        self._judge(claims)
        try:
            known = msgspec.convert(claims, _Claims)
        except msgspec.ValidationError as error:
            raise _InvalidTokenError("a claim is missing or malformed") from error
        return Principal(known.tenant, known.client_id, frozenset(known.scope.split()))

    def _judge(self, claims: dict[str, Any]) -> None:
        judge = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=self._settings.leeway,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            judge.validate(claims)
        except JoseError as error:
            raise _InvalidTokenError("it is expired or not meant for this service") from error


def _read_header(token: str) -> tuple[str, Algorithm]:
    """Read which key a token claims; nothing of it is believed before the signature holds."""
    if not token or len(token) > MAX_TOKEN_LENGTH:
        raise _InvalidTokenError("it is empty or too long")
    try:
        header = jws.extract_compact(token.encode(), registry=_registry).headers()
    except (JoseError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # the library lets some malformed input, such as a header that is no object, fail as it is
        raise _InvalidTokenError("it is not a JWT") from error
    if str(header.get("typ")).lower() not in _TYPES:
        raise _InvalidTokenError("it is not an access token")
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in _ALGORITHMS or not isinstance(kid, str):
        raise _InvalidTokenError("its algorithm or key id is not allowed")
    return kid, algorithm
