"""The client registry: a JSON file with each client's tenant, scopes and rate."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from limits import RateLimitItem, parse
from msgspec import Meta, Struct

from apps.auth_service.errors import ConfigError
from apps.auth_service.files import GROUP_OR_WORLD, GROUP_OR_WORLD_WRITE, read_regular
from apps.auth_service.hashing import is_argon2id
from apps.auth_service.jose import algorithm_of
from apps.auth_service.settings import Scope

Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=64)]


class ClientEntry(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """A client's entry in the registry file."""

    client_id: Name
    tenant: Name
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1)]
    rate: str = "60/minute"
    secret_hash: str | None = None
    jwks: tuple[dict[str, str | list[str]], ...] = ()
    disabled: bool = False


class RegistryFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The registry file."""

    clients: tuple[ClientEntry, ...]


@dataclass(frozen=True)
class ServiceClient:
    """A validated client, with its rate parsed and its keys imported."""

    client_id: str
    tenant: str
    scopes: tuple[str, ...]
    rate: RateLimitItem
    secret_hash: str | None
    keys: KeySet | None
    disabled: bool


@dataclass(frozen=True)
class ClientRegistry:
    """All clients by client id."""

    clients: Mapping[str, ServiceClient]

    def find(self, client_id: str) -> ServiceClient | None:
        """Return the client, even if it is disabled, or None."""
        return self.clients.get(client_id)


def read_entries(path: Path) -> tuple[tuple[ClientEntry, ...], int]:
    """Parse the registry file; return its entries and its permission bits.

    Raises:
        ConfigError: The file cannot be read or is not a valid registry.
    """
    content, mode = read_regular(path)
    try:
        return msgspec.json.decode(content, type=RegistryFile).clients, mode
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, str(error), "correct that key") from error


def load_registry(path: Path, supported: tuple[str, ...]) -> ClientRegistry:
    """Read and check the registry.

    Args:
        path: The JSON file.
        supported: The scopes that the service can grant.

    Raises:
        ConfigError: The file is invalid, is writable by others, contains hashes and is readable
            by others, or contains an invalid client.
    """
    entries, mode = read_entries(path)
    has_hashes = any(entry.secret_hash for entry in entries)
    if mode & (GROUP_OR_WORLD if has_hashes else GROUP_OR_WORLD_WRITE):
        access = "accessible" if has_hashes else "writable"
        raise ConfigError(
            path, f"is {access} by others (mode {mode:04o})", f"run `chmod 600 {path}`"
        )
    clients: dict[str, ServiceClient] = {}
    for entry in entries:
        if entry.client_id in clients:
            raise ConfigError(path, f"client {entry.client_id!r} is listed twice", "delete one")
        clients[entry.client_id] = check_entry(path, entry, supported)
    return ClientRegistry(clients)


def check_entry(path: Path, entry: ClientEntry, supported: tuple[str, ...]) -> ServiceClient:
    """Validate an entry and return its client.

    Raises:
        ConfigError: A scope is not supported, the rate is invalid, the hash is not argon2id, a key
            is not a public P-256 or Ed25519 key, or there is no credential.
    """
    label = f"client {entry.client_id!r}"
    if unknown := sorted(set(entry.scopes) - set(supported)):
        raise ConfigError(
            path,
            f"{label}: unknown scopes: {', '.join(unknown)}",
            "remove them, or add them to scopes in the configuration",
        )
    try:
        rate = parse(entry.rate)
    except ValueError as error:
        raise ConfigError(
            path, f"{label}: rate = {entry.rate!r} is not a rate", "write, for example, 60/minute"
        ) from error
    if entry.secret_hash is not None and not is_argon2id(entry.secret_hash):
        raise ConfigError(path, f"{label}: secret_hash is not argon2id", "create the client again")
    if entry.secret_hash is None and not entry.jwks:
        raise ConfigError(path, f"{label}: has no credential", "add secret_hash or jwks")
    return ServiceClient(
        client_id=entry.client_id,
        tenant=entry.tenant,
        scopes=entry.scopes,
        rate=rate,
        secret_hash=entry.secret_hash,
        keys=_import_keys(path, label, entry) if entry.jwks else None,
        disabled=entry.disabled,
    )


def registry_fingerprint(path: Path) -> Hashable:
    """Return a cheap fingerprint of the registry file that changes when the file does."""
    try:
        status = path.stat()
    except OSError as error:
        return type(error).__name__
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _import_keys(path: Path, label: str, entry: ClientEntry) -> KeySet:
    keys: dict[str, Key] = {}
    for number, members in enumerate(entry.jwks):
        where = f"{label}: jwks[{number}]"
        if "d" in members or members.get("kty") == "oct":
            raise ConfigError(path, f"{where} is not a public key", "list public keys only")
        try:
            key = JWKRegistry.import_key(dict(members))
            algorithm = algorithm_of(key)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                path, f"{where} is not a JWK", "write a public JWK (RFC 7517)"
            ) from error
        if algorithm is None:
            raise ConfigError(
                path, f"{where} is an unsupported kind of key", "use P-256 or Ed25519"
            )
        key.ensure_kid()
        kid = str(key.kid)
        if kid in keys:
            raise ConfigError(path, f"{where} repeats the kid {kid!r}", "delete one or rename it")
        keys[kid] = key
    return KeySet(list(keys.values()))
