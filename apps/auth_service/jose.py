"""Sign and verify JWTs with the algorithms that this service supports."""

from __future__ import annotations

from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import DecodeError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import Claims, Token

Algorithm = Literal["ES256", "EdDSA"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES256", "EdDSA")


class _Registry(JWSRegistry):
    """Allows ES256 and EdDSA only: no ``none``, and no HMAC keyed with a public key.

    RFC 9864 deprecates the name ``EdDSA`` because it leaves the curve open. `algorithm_of` allows
    only Ed25519, and resource servers know the old name, so the library's warning is skipped.
    """

    def get_alg(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the type is private to joserfc
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("The algorithm is not one of ES256, EdDSA")
        return self.algorithms[name]


_registry: Final = _Registry(algorithms=ALGORITHMS)


def algorithm_of(key: Key) -> Algorithm | None:
    """Return the algorithm for a key, or None if the key is not supported.

    P-256 is for ES256 (RFC 7518 §3.4), Ed25519 for EdDSA (RFC 8037 §3.1).
    """
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return "ES256"
    if isinstance(key, OKPKey) and isinstance(key.public_key, Ed25519PublicKey):
        return "EdDSA"
    return None


def sign(header: dict[str, str], claims: Claims, key: Key) -> str:
    """Sign claims with a private key; ``header`` names the algorithm."""
    return jwt.encode(header, claims, key, registry=_registry)


def read(token: str, keys: KeySet) -> Token:
    """Verify a compact JWT's signature and parse it, without checking its claims.

    Raises:
        JoseError: The token is malformed, uses another algorithm, names an unknown key, or its
            signature is wrong.
    """
    try:
        return jwt.decode(token, keys, registry=_registry)
    except JoseError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        # joserfc raises these for some malformed input (non-object header, deep nesting)
        raise DecodeError("The token is malformed") from error
