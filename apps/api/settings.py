"""Settings of the API: a strictly validated TOML file and ``HUB_API_*`` variables."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import limits
import msgspec
from msgspec import Meta, Struct
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "HUB_API_"
_BACKENDS = ("sqlite", "postgresql")


class SettingsError(Exception):
    """The settings are invalid; the message is one line with source, key and fix."""


class AuthSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The accepted issuer and how its keys are fetched; all times are in seconds.

    Keys are fresh for ``keys_ttl``. After that they are fetched again; if this fails, the old keys
    stay in use for up to ``keys_max_stale``. At least ``keys_cooldown`` seconds pass between two
    fetches, so that tokens with invented key ids cannot flood the issuer.
    """

    issuer: Annotated[str, Meta(min_length=1)]
    jwks_url: str
    audience: Annotated[str, Meta(min_length=1, max_length=256)] = "coverage-hub"
    leeway: Annotated[int, Meta(ge=0, le=120)] = 30
    timeout: Annotated[float, Meta(gt=0, le=30)] = 3.0
    keys_ttl: Annotated[float, Meta(gt=0, le=86_400)] = 300.0
    keys_max_stale: Annotated[float, Meta(ge=0, le=86_400)] = 3600.0
    keys_cooldown: Annotated[float, Meta(gt=0, le=3600)] = 30.0

    def __post_init__(self) -> None:
        """Reject key URLs without transport security."""
        parts = urlsplit(self.jwks_url)
        if not parts.hostname or parts.scheme not in {"https", "http"}:
            raise ValueError(f"`jwks_url` must be an https URL, not {self.jwks_url!r}")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(
                f"`jwks_url` must be https, not {self.jwks_url!r}; "
                "plain http is allowed on loopback only"
            )


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rates as "<count>/<period>", where the period is second, minute, hour or day.

    ``reads`` and ``writes`` apply per tenant and client, ``failed_auth`` per network address.
    """

    reads: str = "600/minute"
    writes: str = "60/minute"
    failed_auth: str = "30/minute"

    def __post_init__(self) -> None:
        """Reject invalid rates."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            try:
                limits.parse(value)
            except ValueError as error:
                raise ValueError(
                    f'`{field}` must be a rate such as "60/minute", not {value!r}'
                ) from error


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings of the API.

    ``database_url`` is an SQLAlchemy URL for SQLite or PostgreSQL. ``trusted_proxies`` is the
    number of reverse proxies that append to ``X-Forwarded-For``; with 0 that header is ignored.
    ``logging`` is passed to ``logging_lib.configure`` unchanged.
    """

    auth: AuthSettings
    database_url: str = "sqlite:///hub.sqlite3"
    auto_migrate: bool = False
    max_body_bytes: Annotated[int, Meta(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    trusted_proxies: Annotated[int, Meta(ge=0, le=8)] = 0
    limits: LimitSettings = msgspec.field(default_factory=LimitSettings)
    logging: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject unsupported databases."""
        try:
            backend = make_url(self.database_url).get_backend_name()
        except ArgumentError:
            backend = "an invalid URL"  # the value may contain a password, so it is not shown
        if backend not in _BACKENDS:
            raise ValueError(
                f"`database_url` must start with sqlite:// or postgresql://, not {backend}"
            )


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read and validate the settings.

    The variable ``HUB_API_DATABASE_URL`` overrides the key ``database_url``. Two underscores
    separate a table from its key: ``HUB_API_AUTH__ISSUER`` is ``issuer`` in ``[auth]``.

    Args:
        path: The TOML file, or None to use the environment only.
        environ: The environment variables.

    Raises:
        SettingsError: The file cannot be read or is not TOML, or a key is unknown, missing or has
            an invalid value.
    """
    tree = {} if path is None else _read_toml(path)
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX):
            _override(tree, name, text)
    try:
        return msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        source = path if path is not None else f"environment ({PREFIX}*)"
        raise SettingsError(
            f"{source}: {error}; correct that key (see apps/api/README.md)"
        ) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); create it or pass another --config"
        ) from error
    try:
        return msgspec.toml.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not TOML ({error}); correct the syntax") from error


def _override(tree: dict[str, Any], name: str, text: str) -> None:
    """Add a variable's value to the settings tree, converted to the type of its key."""
    kind: Any = Settings
    *tables, key = name.removeprefix(PREFIX).lower().split("__")
    for step in (*tables, key):
        fields = {} if kind is dict else _field_types(kind)
        if step not in fields:
            raise SettingsError(
                f"{name}: there is no such setting; unset the variable or correct its name"
            )
        kind = fields[step]
    if not tables and key in {"auth", "limits", "logging"}:
        raise SettingsError(f"{name}: `{key}` is a table; set one of its keys with {name}__<KEY>")
    for table in tables:
        tree = tree.setdefault(table, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"{name}: `{table}` in the file is not a table; make it one")
    try:
        tree[key] = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}; correct the variable") from error


def _field_types(kind: Any) -> dict[str, Any]:  # noqa: ANN401  # a field can have any type
    """Return the types of a struct's fields; empty for other types."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    return {}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
