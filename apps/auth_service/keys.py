"""JWT signing keys: a directory of PEM files, read into a key ring.

Each key is a file ``<time>-<label>.pem``; the time (``20261121T120000Z``, UTC) is when the key
becomes active. The newest active key signs. All keys verify and are published, including those
that are not active yet, so that resource servers know a key before it signs. To retire a key,
rename its file to ``….pem.retired``: it is no longer read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, KeySet, KeySetSerialization, OKPKey

from apps.auth_service.errors import ConfigError
from apps.auth_service.files import GROUP_OR_WORLD, GROUP_OR_WORLD_WRITE, read_regular
from apps.auth_service.jose import Algorithm

TIME_FORMAT = "%Y%m%dT%H%M%SZ"
CREATE_KEY = "create one with `python -m apps.auth_service keys create`"
_NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)-[A-Za-z0-9_-]+\.pem")


class NoSigningKeyError(Exception):
    """No key is active yet."""


@dataclass(frozen=True)
class SigningKey:
    """A private key with its identifier, algorithm and activation time."""

    kid: str
    algorithm: Algorithm
    active_from: float
    private: ECKey | OKPKey = field(repr=False)
    path: Path


@dataclass(frozen=True)
class KeyRing:
    """All keys in use, oldest first."""

    keys: tuple[SigningKey, ...]

    def signing(self, now: float) -> SigningKey:
        """Return the newest active key.

        Args:
            now: Seconds since the epoch.

        Raises:
            NoSigningKeyError: No key is active yet.
        """
        for key in reversed(self.keys):
            if key.active_from <= now:
                return key
        raise NoSigningKeyError

    @cached_property
    def public(self) -> KeySet:
        """The public keys, for verification."""
        return KeySet([_public(key) for key in self.keys])

    def jwks(self) -> KeySetSerialization:
        """Return the JWK Set document (RFC 7517 §5), without private members."""
        return self.public.as_dict(private=False)


def load_ring(directory: Path) -> KeyRing:
    """Read all ``*.pem`` files of a directory.

    Raises:
        ConfigError: The directory is missing, empty or writable by others; or a file is misnamed,
            accessible by others, a link to outside the directory, not an unencrypted PEM private
            key, neither P-256 nor Ed25519, or a duplicate.
    """
    _check_directory(directory)
    ring: dict[str, SigningKey] = {}
    for path in sorted(directory.glob("*.pem")):
        key = _load_key(path, directory)
        if (existing := ring.setdefault(key.kid, key)) is not key:
            raise ConfigError(
                path, f"contains the same key as {existing.path.name}", "delete one of them"
            )
    if not ring:
        raise ConfigError(directory, "contains no *.pem key", CREATE_KEY)
    return KeyRing(tuple(sorted(ring.values(), key=lambda key: (key.active_from, key.path.name))))


def ring_fingerprint(directory: Path) -> Hashable:
    """Return a cheap fingerprint of the directory that changes when any key file does."""
    try:
        return tuple(sorted(_key_file_statuses(directory.glob("*.pem")))), _file_status(directory)
    except OSError as error:
        return type(error).__name__


def _key_file_statuses(paths: Iterable[Path]) -> Iterable[tuple[str, int, int, int, int]]:
    for path in paths:
        yield path.name, *_file_status(path)


def _file_status(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    # the change time also reflects permission changes
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def thumbprint(key: ECKey | OKPKey) -> str:
    """Return the RFC 7638 SHA-256 thumbprint, used as ``kid``."""
    return key.thumbprint()


def _public(key: SigningKey) -> ECKey | OKPKey:
    members = key.private.as_dict(private=False, kid=key.kid, alg=key.algorithm, use="sig")
    return type(key.private).import_key(members)


def _check_directory(directory: Path) -> None:
    try:
        mode = directory.stat().st_mode
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigError(directory, f"cannot be read ({reason})", CREATE_KEY) from error
    if not stat.S_ISDIR(mode):
        raise ConfigError(directory, "is not a directory", "set keys_dir to the key directory")
    if mode & GROUP_OR_WORLD_WRITE:
        raise ConfigError(
            directory,
            f"is writable by others (mode {stat.S_IMODE(mode):04o})",
            f"run `chmod 700 {directory}`",
        )
    if not os.access(directory, os.R_OK | os.X_OK):
        raise ConfigError(directory, "cannot be listed", "make it readable for the service's user")


def _load_key(path: Path, directory: Path) -> SigningKey:
    active_from = _active_from(path)
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ConfigError(path, "is a link to outside its directory", "move the key file here")
    content, mode = read_regular(path)
    if mode & GROUP_OR_WORLD:
        raise ConfigError(
            path, f"is accessible by others (mode {mode:04o})", f"run `chmod 600 {path}`"
        )
    private, algorithm = _parse(path, content)
    return SigningKey(thumbprint(private), algorithm, active_from, private, path)


def _active_from(path: Path) -> float:
    match = _NAME.fullmatch(path.name)
    try:
        if match is not None:
            return datetime.strptime(match["time"], TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        pass  # digits that are not a date: reported like any other invalid name
    raise ConfigError(
        path,
        "does not have an activation time in its name",
        "rename it, for example to 20261121T120000Z-first.pem",
    )


def _parse(path: Path, content: bytes) -> tuple[ECKey | OKPKey, Algorithm]:
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:  # cryptography raises it if a password is needed
        raise ConfigError(
            path, "is encrypted", "store it unencrypted with mode 0600: `openssl pkey -in … -out …`"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(path, "is not a PEM private key", f"replace it: {CREATE_KEY}") from error
    if isinstance(key, RSAPrivateKey):
        raise ConfigError(
            path, f"is a {key.key_size}-bit RSA key", f"use P-256 or Ed25519: {CREATE_KEY}"
        )
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        return ECKey.import_key(key), "ES256"
    if isinstance(key, Ed25519PrivateKey):
        return OKPKey.import_key(key), "EdDSA"
    kind = key.curve.name if isinstance(key, EllipticCurvePrivateKey) else type(key).__name__
    raise ConfigError(
        path, f"is an unsupported kind of key ({kind})", f"use P-256 or Ed25519: {CREATE_KEY}"
    )
