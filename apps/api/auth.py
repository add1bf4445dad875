"""Authentication: verify bearer tokens and return their principal."""

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

from apps.api.analysis import analysed_at_import
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
    """The authenticated client of a request, with its tenant and scopes."""

    tenant: str
    client_id: str
    scopes: frozenset[str]


class AuthProvider(Protocol):
    """Identifies who sent a request."""

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the principal for the value of an ``Authorization`` header.

        Raises:
            ProblemError: 401 if the value is not valid, 503 if it cannot be verified at the moment.
        """

    def ready(self) -> bool:
        """Return whether tokens can be verified at the moment."""


def challenge(error: str | None = None, description: str = "", scope: str = "") -> dict[str, str]:
    """Return a ``WWW-Authenticate`` header (RFC 6750 §3); no error code if no token was sent."""
    parameters = {
        "realm": REALM,
        "error": error,
        "error_description": description,
        "scope": scope,
    }
    challenge_parameters = ", ".join(
        f'{name}="{value}"' for name, value in parameters.items() if value
    )
    return {"WWW-Authenticate": f"Bearer {challenge_parameters}"}


def insufficient_scope(scope: str) -> ProblemError:
    """Return the error for a valid token without the required scope (RFC 6750 §3.1)."""
    detail = f"The token lacks the scope {scope}."
    return ProblemError(
        HTTPStatus.FORBIDDEN,
        detail,
        kind="insufficient-scope",
        headers=challenge("insufficient_scope", detail, scope),
    )


@analysed_at_import
class _Claims(Struct):
    """The claims that the API uses (RFC 9068 §2.2 and the tenant)."""

    tenant: Identifier
    client_id: Identifier
    scope: str = ""


class _Registry(JWSRegistry):
    """Allows ES256 and EdDSA only: no ``none``, and no HMAC keyed with a public key.

    The library warns about the name ``EdDSA``, which RFC 9864 deprecates because it leaves the
    curve open. The key cache allows only Ed25519, so the warning is skipped.
    """

    def get_alg(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the type is private to joserfc
        if name not in _ALGORITHMS:
            raise UnsupportedAlgorithmError(f"the algorithm {name!r} is not allowed")
        return self.algorithms[name]


_registry: Final = _Registry(algorithms=_ALGORITHMS)


class _InvalidTokenError(Exception):
    """The token is not accepted; the message, without claims, is for the log and the client."""


class JwtAuthProvider:
    """Verifies JWT access tokens (RFC 9068) with the issuer's published keys."""

    def __init__(
        self, keys: KeyCache, settings: AuthSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Store the key cache and the settings.

        Args:
            keys: Provides the verification keys.
            settings: Issuer, audience and leeway.
            clock: Seconds since the epoch.
        """
        self._keys = keys
        self._settings = settings
        self._clock = clock

    def ready(self) -> bool:
        """Return whether the issuer's keys are available."""
        return self._keys.ready()

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the principal for the value of an ``Authorization`` header (RFC 6750 §2.1).

        Raises:
            ProblemError: 401 if there is no valid token, 503 if the keys are unavailable.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "A bearer token is required.", headers=challenge()
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
                "Tokens cannot be verified at the moment: the issuer's keys are unavailable.",
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
            raise _InvalidTokenError("its signature or format is invalid") from error
        self._check_claims(claims)
        try:
            required_claims = msgspec.convert(claims, _Claims)
        except msgspec.ValidationError as error:
            raise _InvalidTokenError("a claim is missing or malformed") from error
        return Principal(
            required_claims.tenant,
            required_claims.client_id,
            frozenset(required_claims.scope.split()),
        )

    def _check_claims(self, claims: dict[str, Any]) -> None:
        validator = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=self._settings.leeway,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            validator.validate(claims)
        except JoseError as error:
            raise _InvalidTokenError("it is expired or not meant for this service") from error


def _read_header(token: str) -> tuple[str, Algorithm]:
    """Return the key id and algorithm of a token. They are not verified yet."""
    if not token or len(token) > MAX_TOKEN_LENGTH:
        raise _InvalidTokenError("it is empty or too long")
    try:
        header = jws.extract_compact(token.encode(), registry=_registry).headers()
    except (JoseError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # joserfc raises these for some malformed input, such as a non-object header
        raise _InvalidTokenError("it is not a JWT") from error
    if str(header.get("typ")).lower() not in _TYPES:
        raise _InvalidTokenError("it is not an access token")
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in _ALGORITHMS or not isinstance(kid, str):
        raise _InvalidTokenError("its algorithm or key id is not allowed")
    return kid, algorithm
