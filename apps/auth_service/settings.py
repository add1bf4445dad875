"""Settings of the service: a TOML file, strictly validated."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from apps.auth_service.errors import ConfigError
from apps.auth_service.files import read_regular

# RFC 6749 §3.3: printable ASCII without space, quote and backslash
Scope = Annotated[str, Meta(pattern=r"\A[\x21\x23-\x5B\x5D-\x7E]+\Z", max_length=64)]


class AssertionSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits on client assertions (RFC 7523): seconds, and live entries per client."""

    max_lifetime: Annotated[int, Meta(ge=10, le=3600)] = 300
    leeway: Annotated[int, Meta(ge=0, le=120)] = 30
    replay_capacity: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class SecretSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Argon2id parameters of new client secrets; ``memory_cost`` is in KiB."""

    time_cost: Annotated[int, Meta(ge=1, le=20)] = 3
    memory_cost: Annotated[int, Meta(ge=7168, le=1 << 21)] = 65536
    parallelism: Annotated[int, Meta(ge=1, le=16)] = 4


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Contents of the TOML file; `load_settings` makes its relative paths absolute."""

    issuer: str
    keys_dir: Annotated[str, Meta(min_length=1)] = "keys"
    clients_file: Annotated[str, Meta(min_length=1)] = "clients.json"
    audience: Annotated[str, Meta(min_length=1, max_length=256)] = "coverage-hub"
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1)] = ("snapshots:read", "snapshots:write")
    token_lifetime: Annotated[int, Meta(ge=30, le=3600)] = 600
    jwks_max_age: Annotated[int, Meta(ge=0, le=86400)] = 300
    reload_interval: Annotated[float, Meta(ge=0, le=3600)] = 1.0
    insecure_transport: bool = False
    trusted_proxies: Annotated[int, Meta(ge=0, le=8)] = 0
    assertions: AssertionSettings = msgspec.field(default_factory=AssertionSettings)
    secrets: SecretSettings = msgspec.field(default_factory=SecretSettings)
    logging: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def keys_path(self) -> Path:
        """Directory of the signing keys."""
        return Path(self.keys_dir)

    @property
    def clients_path(self) -> Path:
        """File with the registry of service clients."""
        return Path(self.clients_file)


def load_settings(path: Path) -> Settings:
    """Read and validate the configuration file.

    Returns:
        The settings, with paths resolved relative to the file's directory.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or has an unknown key, a missing key or
            an invalid value.
    """
    content, _mode = read_regular(path)
    try:
        settings = msgspec.toml.decode(content, type=Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(
            path, str(error), "correct that key (see apps/auth_service/README.md)"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"is not TOML ({error})", "correct the syntax") from error
    _check_issuer(path, settings)
    base = path.resolve().parent
    return msgspec.structs.replace(
        settings,
        keys_dir=str(base / settings.keys_dir),
        clients_file=str(base / settings.clients_file),
    )


def _check_issuer(path: Path, settings: Settings) -> None:
    try:
        parts = urlsplit(settings.issuer)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(
            path, f"issuer = {settings.issuer!r} is not a URL ({error})", "write https://host"
        ) from error
    if (
        parts.scheme not in {"https", "http"}
        or not host
        or settings.issuer != f"{parts.scheme}://{parts.netloc}"
        or "@" in parts.netloc
    ):
        raise ConfigError(
            path,
            f"issuer = {settings.issuer!r} must be a scheme and a host, without path, query, "
            "fragment, user or trailing slash",
            "write https://host or https://host:port (RFC 8414 §2)",
        )
    if settings.insecure_transport and not _is_loopback(host):
        raise ConfigError(
            path,
            f"insecure_transport = true with the issuer {settings.issuer!r}",
            "remove it: plain http is allowed for a loopback issuer only",
        )
    if parts.scheme == "http" and not settings.insecure_transport:
        raise ConfigError(
            path,
            f"issuer = {settings.issuer!r} is plain http",
            "use https, or insecure_transport = true on loopback for development",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
