"""Logging configuration, from a mapping and from `LOG_*` environment variables.

Environment variables override the mapping, so that whoever runs the program decides. Other
variables that start with `LOG_` are ignored, as they may belong to other programs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from logging_lib.dispatcher import Overflow
from logging_lib.metrics import DISPATCHER

Seconds = Annotated[float, Meta(gt=0, le=60)]
Capacity = Annotated[int, Meta(ge=1, le=1_000_000)]
Format = Literal["json", "console"]


class ConfigError(ValueError):
    """The logging configuration is invalid; the message names the key."""


def level_number(level: str) -> int:
    """Return the number of a level name; upper and lower case are equal.

    Raises:
        ValueError: there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown level {level!r}; use debug, info, warning, error or critical")
    return number


class _SinkConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of every sink.

    `name` is the label in the metrics (default: the type), `level` the minimum level. An
    `isolated` sink has its own queue and thread.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    level: str = "debug"
    isolated: bool = False

    def __post_init__(self) -> None:
        level_number(self.level)

    @property
    def label(self) -> str:
        """The name, or the type if there is no name."""
        return self.name or str(self.__struct_config__.tag)


class StreamConfig(_SinkConfig, frozen=True, kw_only=True, tag_field="type", tag="stream"):
    """Standard output or error; a write fails if the reader stalls for `timeout_s` seconds."""

    stream: Literal["stdout", "stderr"] = "stderr"
    format: Format = "json"
    timeout_s: Seconds = 2.0


class FileConfig(_SinkConfig, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """A file that is rotated before it exceeds `max_bytes`, with `backups` old files."""

    path: Annotated[str, Meta(min_length=1)]
    max_bytes: Annotated[int, Meta(ge=1024)] = 10 * 1024 * 1024
    backups: Annotated[int, Meta(ge=1, le=1000)] = 5


class MemoryConfig(_SinkConfig, frozen=True, kw_only=True, tag_field="type", tag="memory"):
    """The last `capacity` records, in memory."""

    capacity: Capacity = 1000


class HttpConfig(_SinkConfig, frozen=True, kw_only=True, tag_field="type", tag="http"):
    """Batches of newline-delimited JSON, posted to `url`.

    `token_env` names an environment variable with a bearer token, which is sent only over https
    or to the loopback interface.
    """

    url: Annotated[str, Meta(pattern=r"^https?://")]
    token_env: str | None = None
    timeout_s: Seconds = 5.0
    batch_size: Annotated[int, Meta(ge=1, le=1000)] = 64
    isolated: bool = True


class SyslogConfig(_SinkConfig, frozen=True, kw_only=True, tag_field="type", tag="syslog"):
    """RFC 5424 messages over UDP, TCP or a local socket (`address` is its path)."""

    transport: Literal["udp", "tcp", "unix"] = "udp"
    address: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 514
    facility: str = "user"
    app_name: Annotated[str, Meta(pattern=r"^[!-~]{1,48}$")] = "python"
    timeout_s: Seconds = 5.0
    isolated: bool = True


SinkConfig = StreamConfig | FileConfig | MemoryConfig | HttpConfig | SyslogConfig


class QueueConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Maximum number of queued records, and what happens when the queue is full."""

    capacity: Capacity = 10_000
    overflow: Overflow = "drop-oldest"
    block_timeout_s: Seconds = 1.0


class RedactConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Additional key parts to mask, and complete keys that are not secret."""

    keys: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The configuration for `logging_lib.configure`."""

    level: str = "info"
    levels: dict[str, str] = field(default_factory=dict)
    sinks: Annotated[tuple[SinkConfig, ...], Meta(min_length=1)] = (StreamConfig(),)
    queue: QueueConfig = QueueConfig()
    redact: RedactConfig = RedactConfig()
    synchronous: bool = False
    flush_timeout_s: Seconds = 5.0

    def __post_init__(self) -> None:
        """Reject unknown levels and duplicate sink names."""
        for level in (self.level, *self.levels.values()):
            level_number(level)
        labels = {DISPATCHER}  # the metrics' label of the common queue
        for sink in self.sinks:
            if sink.label in labels:
                raise ValueError(
                    f"the name {sink.label!r} is already used; give each sink a unique `name`"
                )
            labels.add(sink.label)


ENVIRONMENT: Mapping[str, object] = {
    "LOG_LEVEL": str,
    "LOG_FORMAT": Format,
    "LOG_FILE": str,
    "LOG_QUEUE_CAPACITY": Capacity,
    "LOG_OVERFLOW": Overflow,
    "LOG_BLOCK_TIMEOUT_S": Seconds,
    "LOG_FLUSH_TIMEOUT_S": Seconds,
    "LOG_SYNCHRONOUS": bool,
    "LOG_REDACT_KEYS": str,
}
"""The supported variables and their types; an empty variable counts as not set."""


def load(config: Mapping[str, object] | None, environ: Mapping[str, str]) -> Config:
    """Build the configuration from a mapping, then from the environment.

    Raises:
        ConfigError: a key or variable is unknown, of the wrong type or out of range.
    """
    try:
        base = msgspec.convert(dict(config or {}), Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"logging configuration: {error}") from None
    values = {
        name: _from_text(name, environ[name], kind)
        for name, kind in ENVIRONMENT.items()
        if environ.get(name)
    }
    try:
        return _override(base, values)
    except ValueError as error:
        raise ConfigError(f"logging configuration from the environment: {error}") from None


def _from_text(name: str, text: str, kind: object) -> object:
    try:
        if name == "LOG_LEVEL":
            level_number(text)
        return cast("object", msgspec.convert(text, kind, strict=False))
    except ValueError as error:  # includes msgspec's errors
        raise ConfigError(f"environment variable {name}: {error}; value: {text!r}") from None


def _override(config: Config, values: Mapping[str, Any]) -> Config:
    def overrides(**names: str) -> dict[str, Any]:
        return {key: values[name] for key, name in names.items() if name in values}

    sinks = config.sinks
    if "LOG_FORMAT" in values:
        sinks = tuple(
            replace(sink, format=values["LOG_FORMAT"]) if isinstance(sink, StreamConfig) else sink
            for sink in sinks
        )
    if "LOG_FILE" in values:
        sinks = (*sinks, FileConfig(name="LOG_FILE", path=values["LOG_FILE"]))
    extra_keys = tuple(key.strip() for key in values.get("LOG_REDACT_KEYS", "").split(","))
    return replace(
        config,
        sinks=sinks,
        queue=replace(
            config.queue,
            **overrides(
                capacity="LOG_QUEUE_CAPACITY",
                overflow="LOG_OVERFLOW",
                block_timeout_s="LOG_BLOCK_TIMEOUT_S",
            ),
        ),
        redact=replace(config.redact, keys=(*config.redact.keys, *filter(None, extra_keys))),
        **overrides(
            level="LOG_LEVEL", synchronous="LOG_SYNCHRONOUS", flush_timeout_s="LOG_FLUSH_TIMEOUT_S"
        ),
    )
