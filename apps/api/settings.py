"""The API's settings: a TOML file, overridden by ``HUB_API_*`` variables, read strictly."""

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
    """Settings that cannot be used; one line that names the source, the key and the fix."""


class AuthSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose tokens are accepted, and how the issuer's keys are fetched; times are seconds.

    ``keys_ttl`` is how long fetched keys are fresh. After that they are fetched again, and if that
    fails they go on serving for ``keys_max_stale``. Between two fetches lie at least
    ``keys_cooldown`` seconds, so tokens with made-up key ids cannot hammer the issuer.
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
        """Refuse keys over a channel that anyone on the way can rewrite."""
        parts = urlsplit(self.jwks_url)
        if not parts.hostname or parts.scheme not in {"https", "http"}:
            raise ValueError(f"`jwks_url` must be an https URL, found {self.jwks_url!r}")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(
                f"`jwks_url` must be https, found {self.jwks_url!r}; "
                "plain http is allowed on loopback only"
            )


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rates as "<count>/<period>" with a period of second, minute, hour or day.

    ``reads`` and ``writes`` hold per tenant and client, ``failed_auth`` per network address.
    """

    reads: str = "600/minute"
    writes: str = "60/minute"
    failed_auth: str = "30/minute"

    def __post_init__(self) -> None:
        """Refuse what is not one rate."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            try:
                limits.parse(value)
            except ValueError as error:
                raise ValueError(
                    f'`{field}` must be a rate such as "60/minute", found {value!r}'
                ) from error


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the API needs to know to run.

    ``database_url`` is an SQLAlchemy URL for SQLite or PostgreSQL. ``trusted_proxies`` is how many
    reverse proxies in front append to ``X-Forwarded-For``; with 0 that header is ignored.
    ``logging`` is handed to ``logging_lib.configure`` as it is.
    """

    auth: AuthSettings
    database_url: str = "sqlite:///hub.sqlite3"
    auto_migrate: bool = False
    max_body_bytes: Annotated[int, Meta(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    trusted_proxies: Annotated[int, Meta(ge=0, le=8)] = 0
    limits: LimitSettings = msgspec.field(default_factory=LimitSettings)
    logging: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse databases that the store has not been written for."""
        try:
            backend = make_url(self.database_url).get_backend_name()
        except ArgumentError:
            backend = "no URL"  # the value may hold a password, so it is not shown
        if backend not in _BACKENDS:
            raise ValueError(
                f"`database_url` must begin with sqlite:// or postgresql://, found {backend}"
            )


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    A variable ``HUB_API_DATABASE_URL`` overrides the key ``database_url``, and two underscores
    reach into a table: ``HUB_API_AUTH__ISSUER`` is ``issuer`` in ``[auth]``.

    Args:
        path: The TOML file, or None where the environment says everything.
        environ: The environment variables.

    Raises:
        SettingsError: The file cannot be read or is not TOML, or a key is unknown, missing or of
            a value that is not allowed.
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
            f"{source}: {error}; correct that key, apps/api/README.md has the table"
        ) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); create it or name another with --config"
        ) from error
    try:
        return msgspec.toml.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not TOML ({error}); correct the syntax") from error


def _override(tree: dict[str, Any], name: str, text: str) -> None:
    """Put the text of a variable into the tree, as the type that its key has."""
    kind: Any = Settings
    *tables, key = name.removeprefix(PREFIX).lower().split("__")
    for step in (*tables, key):
        fields = {} if kind is dict else _field_types(kind)
        if step not in fields:
            raise SettingsError(f"{name}: there is no such setting; unset it or correct its name")
        kind = fields[step]
    if not tables and key in {"auth", "limits", "logging"}:
        raise SettingsError(f"{name}: `{key}` is a table; name a key in it, as {name}__<KEY>")
    for table in tables:
        tree = tree.setdefault(table, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"{name}: `{table}` in the file is not a table; make it one")
    try:
        tree[key] = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}; correct the variable") from error


def _field_types(kind: Any) -> dict[str, Any]:  # noqa: ANN401  # any type a field may have
    """The types of a struct's fields; nothing for what is no struct."""
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
