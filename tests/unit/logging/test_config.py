from __future__ import annotations

import logging
from typing import Any

import pytest

from logging_lib.config import (
    ENVIRONMENT,
    Config,
    ConfigError,
    FileConfig,
    HttpConfig,
    MemoryConfig,
    StreamConfig,
    level_number,
    load,
)


@pytest.mark.architecture
def test_the_default_is_json_on_standard_error_at_level_info() -> None:
    config = load(None, {})
    assert config == Config()
    assert config.level == "info"
    assert config.sinks == (StreamConfig(stream="stderr", format="json"),)


@pytest.mark.architecture
def test_every_kind_of_sink_can_be_configured() -> None:
    config = load(
        {
            "sinks": [
                {"type": "stream", "stream": "stdout", "format": "console"},
                {"type": "file", "path": "/var/log/hub.log", "level": "WARNING"},
                {"type": "memory", "name": "recent", "capacity": 10},
                {"type": "http", "url": "https://logs.example/in"},
                {"type": "syslog", "transport": "tcp", "port": 6514},
            ]
        },
        {},
    )
    assert [sink.label for sink in config.sinks] == ["stream", "file", "recent", "http", "syslog"]
    assert [sink.isolated for sink in config.sinks] == [False, False, False, True, True]


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"levle": "info"}, r"unknown field `levle`"),
        ({"sinks": []}, r"length >= 1 - at `\$\.sinks`"),
        ({"sinks": [{"type": "carrier-pigeon"}]}, r"'carrier-pigeon' - at `\$\.sinks\[0\]\.type`"),
        ({"sinks": [{"type": "file"}]}, r"`path` - at `\$\.sinks\[0\]`"),
        ({"sinks": [{"type": "file", "path": "x", "mode": 1}]}, r"unknown field `mode`"),
        ({"sinks": [{"type": "memory", "capacity": 0}]}, r">= 1 - at `\$\.sinks\[0\]\.capacity`"),
        ({"sinks": [{"type": "memory", "level": "loud"}]}, r"'loud'; use debug, .* `\$\.sinks"),
        ({"level": "loud"}, r"unknown level 'loud'; use debug, info"),
        ({"levels": {"urllib3": "loud"}}, r"unknown level 'loud'"),
        ({"queue": {"capacity": "many"}}, r"Expected `int`, got `str` - at `\$\.queue\.capacity`"),
        ({"queue": {"overflow": "explode"}}, r"'explode' - at `\$\.queue\.overflow`"),
        (
            {"sinks": [{"type": "memory"}, {"type": "memory"}]},
            r"'memory' is already used; give each sink",
        ),
        ({"sinks": [{"type": "memory", "name": "dispatcher"}]}, r"'dispatcher' is already used"),
        ({"sinks": [{"type": "memory", "name": 'a"b'}]}, r"at `\$\.sinks\[0\]\.name`"),
    ],
)
def test_an_error_is_one_line_with_the_key(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(config, {})
    assert str(caught.value).startswith("logging configuration: ")
    assert "\n" not in str(caught.value)


@pytest.mark.architecture
def test_the_environment_overrides_the_mapping() -> None:
    config = load(
        {"level": "error", "queue": {"capacity": 5}, "flush_timeout_s": 1},
        {
            "LOG_LEVEL": "DEBUG",
            "LOG_QUEUE_CAPACITY": "7",
            "LOG_OVERFLOW": "block",
            "LOG_BLOCK_TIMEOUT_S": "0.5",
            "LOG_FLUSH_TIMEOUT_S": "2",
            "LOG_SYNCHRONOUS": "true",
        },
    )
    assert config.level == "DEBUG"
    assert (config.queue.capacity, config.queue.overflow) == (7, "block")
    assert config.queue.block_timeout_s == 0.5
    assert config.flush_timeout_s == 2
    assert config.synchronous


@pytest.mark.architecture
def test_the_environment_sets_the_format_of_streams_and_adds_a_file() -> None:
    config = load(
        {"sinks": [{"type": "stream"}, {"type": "memory"}]},
        {"LOG_FORMAT": "console", "LOG_FILE": "/var/log/x.log"},
    )
    assert config.sinks == (
        StreamConfig(format="console"),
        MemoryConfig(),
        FileConfig(name="LOG_FILE", path="/var/log/x.log"),
    )


@pytest.mark.architecture
def test_level_names_are_case_insensitive() -> None:
    assert level_number("Warning") == logging.WARNING


@pytest.mark.reliability
def test_empty_and_unknown_variables_are_ignored() -> None:
    assert load(None, {"LOG_LEVEL": "", "LOG_TRANSPORT_OF_SOMEBODY": "x", "PATH": "/"}) == Config()


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("LOG_QUEUE_CAPACITY", "0"),
        ("LOG_QUEUE_CAPACITY", "many"),
        ("LOG_OVERFLOW", "explode"),
        ("LOG_BLOCK_TIMEOUT_S", "inf"),
        ("LOG_FLUSH_TIMEOUT_S", "-1"),
        ("LOG_SYNCHRONOUS", "perhaps"),
    ],
)
def test_an_invalid_variable_error_names_the_variable(name: str, value: str) -> None:
    assert name in ENVIRONMENT
    with pytest.raises(ConfigError, match=name) as caught:
        load(None, {name: value})
    assert repr(value) in str(caught.value)


@pytest.mark.reliability
def test_a_sink_named_log_file_conflicts_with_the_variable() -> None:
    taken = {"sinks": [{"type": "memory", "name": "LOG_FILE"}]}
    with pytest.raises(ConfigError, match="'LOG_FILE' is already used"):
        load(taken, {"LOG_FILE": "/tmp/x"})  # noqa: S108 - never opened


@pytest.mark.reliability
@pytest.mark.parametrize("seconds", [0, -1, 61, float("inf"), float("nan")])
def test_unlimited_timeouts_are_rejected(seconds: float) -> None:
    with pytest.raises(ConfigError, match="block_timeout_s"):
        load({"queue": {"block_timeout_s": seconds}}, {})


@pytest.mark.security
def test_the_environment_can_only_add_keys_to_redact() -> None:
    config = load({"redact": {"keys": ["plate"]}}, {"LOG_REDACT_KEYS": " iban , ,tax_id"})
    assert config.redact.keys == ("plate", "iban", "tax_id")


@pytest.mark.security
def test_an_error_does_not_show_the_value_of_an_unknown_key() -> None:
    with pytest.raises(ConfigError) as caught:
        load({"sinks": [{"type": "http", "url": "https://x", "token": "hunter2"}]}, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.security
@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "javascript:1", ""])
def test_only_http_urls_are_accepted(url: str) -> None:
    with pytest.raises(ConfigError, match=r"`\$\.sinks\[0\]\.url`"):
        load({"sinks": [{"type": "http", "url": url}]}, {})


@pytest.mark.security
def test_network_sinks_are_isolated_by_default() -> None:
    assert HttpConfig(url="https://x").isolated
    assert not HttpConfig(url="https://x", isolated=False).isolated
