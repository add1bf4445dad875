"""JWT signing keys: a directory of PEM files, read into a ring.

A key is one file ``<time>-<label>.pem``, where the time (``20261121T120000Z``, UTC) is when it
starts to sign. Of the keys whose time has come the newest signs; all of them verify and are
published, also those whose time is still to come, so that resource servers know a key before it
signs. A key is retired by renaming its file to ``….pem.retired``: it is no longer read.
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
    """Every key of the ring starts to sign in the future."""


@dataclass(frozen=True)
class SigningKey:
    """A private key with its identifier, algorithm and the time from which it signs."""

    kid: str
    algorithm: Algorithm
    active_from: float
    private: ECKey | OKPKey = field(repr=False)
    path: Path


@dataclass(frozen=True)
class KeyRing:
    """The keys in force, oldest first."""

    keys: tuple[SigningKey, ...]

    def signing(self, now: float) -> SigningKey:
        """Return the newest key whose time has come.

        Args:
            now: Seconds since the epoch.

        Raises:
            NoSigningKeyError: There is none.
        """
        for key in reversed(self.keys):
            if key.active_from <= now:
                return key
        raise NoSigningKeyError

    @cached_property
    def public(self) -> KeySet:
        """The public halves, for verifying."""
        return KeySet([_public(key) for key in self.keys])

    def jwks(self) -> KeySetSerialization:
        """Return the JWK Set document (RFC 7517 §5); it holds no private member."""
        return self.public.as_dict(private=False)


def load_ring(directory: Path) -> KeyRing:
    """Read every ``*.pem`` of a directory.

    Raises:
        ConfigError: The directory is missing, empty or writable by others; or a file is misnamed,
            readable by others, a link that leads outside, not an unencrypted PEM private key, of
            a kind other than P-256 or Ed25519, or the same key as another.
    """
    _check_directory(directory)
    ring: dict[str, SigningKey] = {}
    for path in sorted(directory.glob("*.pem")):
        key = _load_key(path, directory)
        if (first := ring.setdefault(key.kid, key)) is not key:
            raise ConfigError(
                path, f"holds the same key as {first.path.name}", "delete one of them"
            )
    if not ring:
        raise ConfigError(directory, "holds no *.pem key", CREATE_KEY)
    return KeyRing(tuple(sorted(ring.values(), key=lambda key: (key.active_from, key.path.name))))


def ring_fingerprint(directory: Path) -> Hashable:
    """Summarise the directory cheaply: which key files there are and when each was changed."""
    try:
        return tuple(sorted(_file_marks(directory.glob("*.pem")))), _mark(directory)
    except OSError as error:
        return type(error).__name__


def _file_marks(paths: Iterable[Path]) -> Iterable[tuple[str, int, int, int, int]]:
    for path in paths:
        yield path.name, *_mark(path)


def _mark(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    # the change time also moves with permissions
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def thumbprint(key: ECKey | OKPKey) -> str:
    """Return the RFC 7638 SHA-256 thumbprint that serves as ``kid``."""
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
        raise ConfigError(directory, "is not a directory", "set keys_dir to the keys' directory")
    if mode & GROUP_OR_WORLD_WRITE:
        raise ConfigError(
            directory,
            f"is writable by others (mode {stat.S_IMODE(mode):04o})",
            f"run `chmod 700 {directory}`",
        )
    if not os.access(directory, os.R_OK | os.X_OK):
        raise ConfigError(directory, "cannot be listed", "let the service's user read it")


def _load_key(path: Path, directory: Path) -> SigningKey:
    active_from = _active_from(path)
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ConfigError(path, "is a link that leads outside its directory", "move the key here")
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
        pass  # digits that are no date: the same advice as for another name
    raise ConfigError(
        path,
        "is not named after the time from which it signs",
        "rename it, for example to 20261121T120000Z-first.pem",
    )


def _parse(path: Path, content: bytes) -> tuple[ECKey | OKPKey, Algorithm]:
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:  # how cryptography says that a password is needed
        raise ConfigError(
            path, "is encrypted", "store it unencrypted with mode 0600: `openssl pkey -in … -out …`"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(path, "is not a PEM private key", f"replace it: {CREATE_KEY}") from error
    if isinstance(key, RSAPrivateKey):
        raise ConfigError(
            path, f"is an RSA key of {key.key_size} bits", f"use P-256 or Ed25519: {CREATE_KEY}"
        )
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        return ECKey.import_key(key), "ES256"
    if isinstance(key, Ed25519PrivateKey):
        return OKPKey.import_key(key), "EdDSA"
    kind = key.curve.name if isinstance(key, EllipticCurvePrivateKey) else type(key).__name__
    raise ConfigError(path, f"is a key of the kind {kind}", f"use P-256 or Ed25519: {CREATE_KEY}")
