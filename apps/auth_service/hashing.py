"""Generate, hash and verify client secrets (argon2id)."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from apps.auth_service.settings import SecretSettings

_SECRET_BYTES = 32


def new_secret() -> str:
    """Generate a URL-safe client secret with 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def is_argon2id(encoded: str) -> bool:
    """Return whether a string is an encoded argon2id hash."""
    try:
        return extract_parameters(encoded).type is Type.ID
    except InvalidHashError:
        return False


class SecretHasher:
    """Hashes and verifies secrets, with the same work whether or not the client exists."""

    def __init__(self, settings: SecretSettings) -> None:
        """Prepare the hasher and a dummy hash for clients that have none."""
        self._hasher = PasswordHasher(
            time_cost=settings.time_cost,
            memory_cost=settings.memory_cost,
            parallelism=settings.parallelism,
        )
        self._dummy_hash = self._hasher.hash(new_secret())

    def hash(self, secret: str) -> str:
        """Return the encoded argon2id hash of a secret."""
        return self._hasher.hash(secret)

    def verify(self, encoded: str | None, secret: str) -> bool:
        """Return whether the secret matches; without a hash, do the same work and return False."""
        try:
            self._hasher.verify(self._dummy_hash if encoded is None else encoded, secret)
        except (VerificationError, InvalidHashError):
            return False
        return encoded is not None

    def needs_rehash(self, encoded: str) -> bool:
        """Return whether a hash was made with parameters other than the current settings."""
        return self._hasher.check_needs_rehash(encoded)
