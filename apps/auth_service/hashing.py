"""Client secrets: made, hashed and verified with argon2id."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from apps.auth_service.settings import SecretSettings

_SECRET_BYTES = 32


def new_secret() -> str:
    """Make a client secret of 256 random bits, in characters that a URL takes as they are."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def is_argon2id(encoded: str) -> bool:
    """Tell whether a string is an encoded argon2id hash."""
    try:
        return extract_parameters(encoded).type is Type.ID
    except InvalidHashError:
        return False


class SecretHasher:
    """Hashes secrets and verifies them, with the same work whether a client exists or not."""

    def __init__(self, settings: SecretSettings) -> None:
        """Prepare the hasher, and the hash that stands in for the clients that have none."""
        self._hasher = PasswordHasher(
            time_cost=settings.time_cost,
            memory_cost=settings.memory_cost,
            parallelism=settings.parallelism,
        )
        self._stand_in = self._hasher.hash(new_secret())

    def hash(self, secret: str) -> str:
        """Return the encoded argon2id hash of a secret."""
        return self._hasher.hash(secret)

    def verify(self, encoded: str | None, secret: str) -> bool:
        """Tell whether the secret has this hash; without a hash, work as hard and say no."""
        try:
            self._hasher.verify(self._stand_in if encoded is None else encoded, secret)
        except (VerificationError, InvalidHashError):
            return False
        return encoded is not None

    def needs_rehash(self, encoded: str) -> bool:
        """Tell whether a hash was made with other parameters than those in force."""
        return self._hasher.check_needs_rehash(encoded)
