"""Changes to keys and clients, as the command line makes them."""

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
    """Generate a signing key; make the directory, mode 0700, when it is not there.

    Args:
        directory: The keys' directory.
        algorithm: ES256 (P-256) or EdDSA (Ed25519).
        active_from: Seconds since the epoch from which the key signs; whole seconds count.

    Returns:
        The new file, mode 0600.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key: ECKey | OKPKey = (
        ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
    )
    when = datetime.fromtimestamp(active_from, UTC).strftime(TIME_FORMAT)
    path = directory / f"{when}-{thumbprint(key)[:12]}.pem"
    create_private(path, key.as_pem(private=True))
    return path


def key_states(ring: KeyRing, now: float) -> list[tuple[SigningKey, KeyState]]:
    """Tell what each key does now: signs, only verifies, or waits for its time."""
    try:
        signing = ring.signing(now)
    except NoSigningKeyError:
        signing = None
    return [
        (key, "signs" if key is signing else "waits" if key.active_from > now else "verifies")
        for key in ring.keys
    ]


def retire_key(directory: Path, kid: str, now: float) -> Path:
    """Retire the key whose ``kid`` begins so: its tokens no longer verify.

    Returns:
        The renamed file; delete it once it is of no more use.

    Raises:
        ConfigError: No key or several begin so, or it is the one that signs.
    """
    with directory_lock(directory):
        ring = load_ring(directory)
        found = [key for key in ring.keys if key.kid.startswith(kid)]
        if len(found) != 1:
            raise ConfigError(
                directory, f"{len(found)} keys have a kid that begins {kid!r}", "give the whole kid"
            )
        (key,) = found
        if (key, "signs") in key_states(ring, now):
            raise ConfigError(
                key.path, "is the key that signs", "create its successor first, or wait for it"
            )
        retired = key.path.with_name(f"{key.path.name}.retired")
        key.path.rename(retired)
    return retired


@dataclass(frozen=True)
class NewClient:
    """A client to register; with no ``jwk`` it gets a secret."""

    client_id: str
    tenant: str
    scopes: tuple[str, ...]
    rate: str
    jwk: Path | None = None


def create_client(settings: Settings, new: NewClient) -> str | None:
    """Register a client.

    Returns:
        The client's secret, which is stored nowhere else; None for a client with a key.

    Raises:
        ConfigError: The client exists, or something about it or the registry is not sound.
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
        raise ConfigError(path, f"the new client: {error}", "correct that value") from error
    check_entry(path, entry, settings.scopes)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with directory_lock(path.parent):
        entries = read_entries(path)[0] if path.exists() else ()
        if any(other.client_id == entry.client_id for other in entries):
            raise ConfigError(
                path, f"client {entry.client_id!r} exists", "choose another identifier"
            )
        _write(path, (*entries, entry))
    return secret


def disable_client(path: Path, client_id: str) -> None:
    """Disable a client: it gets no more tokens, and those it has are introspected as inactive.

    Raises:
        ConfigError: There is no such client, or the registry is not sound.
    """
    with directory_lock(path.parent):
        entries = read_entries(path)[0]
        if all(entry.client_id != client_id for entry in entries):
            raise ConfigError(path, f"has no client {client_id!r}", "see `clients list`")
        _write(
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
        raise ConfigError(path, f"is not a JWK ({error})", "give a file with one JWK") from error


def _write(path: Path, entries: tuple[ClientEntry, ...]) -> None:
    content = msgspec.json.format(msgspec.json.encode(RegistryFile(entries)), indent=2)
    replace_private(path, content + b"\n")
