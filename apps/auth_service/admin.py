"""Key and client administration for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from joserfc.jwk import ECKey, OKPKey

from apps.auth_service.clients import (
    ClientEntry,
    RegistryFile,
    check_entry,
    read_entries,
)
from apps.auth_service.errors import ConfigError
from apps.auth_service.files import create_private, directory_lock, replace_private
from apps.auth_service.hashing import SecretHasher, new_secret
from apps.auth_service.jose import Algorithm
from apps.auth_service.keys import (
    TIME_FORMAT,
    KeyRing,
    NoSigningKeyError,
    SigningKey,
    load_ring,
    thumbprint,
)
from apps.auth_service.settings import Settings

KeyState = Literal["signs", "verifies", "waits"]


def create_key(directory: Path, algorithm: Algorithm, active_from: float) -> Path:
    """Generate a signing key, creating the directory (mode 0700) if needed.

    Args:
        directory: The key directory.
        algorithm: ES256 (P-256) or EdDSA (Ed25519).
        active_from: When the key starts to sign: whole seconds since the epoch.

    Returns:
        Path of the new file (mode 0600).
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key: ECKey | OKPKey = (
        ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
    )
    timestamp = datetime.fromtimestamp(active_from, UTC).strftime(TIME_FORMAT)
    path = directory / f"{timestamp}-{thumbprint(key)[:12]}.pem"
    create_private(path, key.as_pem(private=True))
    return path


def key_states(ring: KeyRing, now: float) -> list[tuple[SigningKey, KeyState]]:
    """Return each key with its state: it signs, only verifies, or waits to become active."""
    try:
        signing = ring.signing(now)
    except NoSigningKeyError:
        signing = None
    return [
        (key, "signs" if key is signing else "waits" if key.active_from > now else "verifies")
        for key in ring.keys
    ]


def retire_key(directory: Path, kid_prefix: str, now: float) -> Path:
    """Retire the key whose ``kid`` starts with the prefix; its tokens no longer verify.

    Returns:
        Path of the renamed file, which may be deleted later.

    Raises:
        ConfigError: The prefix matches no key or several, or the key is the current signing key.
    """
    with directory_lock(directory):
        ring = load_ring(directory)
        matches = [key for key in ring.keys if key.kid.startswith(kid_prefix)]
        if len(matches) != 1:
            raise ConfigError(
                directory,
                f"{len(matches)} keys have a kid that starts with {kid_prefix!r}",
                "pass the full kid",
            )
        (key,) = matches
        if (key, "signs") in key_states(ring, now):
            raise ConfigError(
                key.path,
                "is the current signing key",
                "create a new key first, or wait until it becomes active",
            )
        retired = key.path.with_name(f"{key.path.name}.retired")
        key.path.rename(retired)
    return retired


@dataclass(frozen=True)
class NewClient:
    """A client to register; a secret is generated if ``jwk`` is None."""

    client_id: str
    tenant: str
    scopes: tuple[str, ...]
    rate: str
    jwk: Path | None = None


def create_client(settings: Settings, new: NewClient) -> str | None:
    """Register a client.

    Returns:
        The client secret, which is not stored; None for a client that uses a key.

    Raises:
        ConfigError: The client already exists, or the client or the registry is invalid.
    """
    path = settings.clients_path
    secret = None
    document: dict[str, object] = {
        "client_id": new.client_id,
        "tenant": new.tenant,
        "scopes": new.scopes,
        "rate": new.rate,
    }
    if new.jwk is None:
        secret = new_secret()
        document["secret_hash"] = SecretHasher(settings.secrets).hash(secret)
    else:
        document["jwks"] = [_read_jwk(new.jwk)]
    try:
        entry = msgspec.convert(document, ClientEntry)
    except msgspec.ValidationError as error:
        raise ConfigError(path, f"the new client: {error}", "correct the value") from error
    check_entry(path, entry, settings.scopes)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with directory_lock(path.parent):
        entries = read_entries(path)[0] if path.exists() else ()
        if any(other.client_id == entry.client_id for other in entries):
            raise ConfigError(
                path, f"client {entry.client_id!r} already exists", "choose another client id"
            )
        _write_registry(path, (*entries, entry))
    return secret


def disable_client(path: Path, client_id: str) -> None:
    """Disable a client: no new tokens, and introspection reports its tokens as inactive.

    Raises:
        ConfigError: There is no such client, or the registry is invalid.
    """
    with directory_lock(path.parent):
        entries = read_entries(path)[0]
        if all(entry.client_id != client_id for entry in entries):
            raise ConfigError(
                path,
                f"has no client {client_id!r}",
                "run `clients list` to see the registered clients",
            )
        _write_registry(
            path,
            tuple(
                msgspec.structs.replace(entry, disabled=True)
                if entry.client_id == client_id
                else entry
                for entry in entries
            ),
        )


def _read_jwk(path: Path) -> object:
    try:
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(
            path, f"is not a JWK ({error})", "pass a file with a single JWK"
        ) from error


def _write_registry(path: Path, entries: tuple[ClientEntry, ...]) -> None:
    content = msgspec.json.format(msgspec.json.encode(RegistryFile(entries)), indent=2)
    replace_private(path, content + b"\n")
