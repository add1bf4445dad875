"""Build sinks from their configuration."""

from __future__ import annotations

from collections.abc import Mapping

from logging_lib.config import (
    FileConfig,
    HttpConfig,
    MemoryConfig,
    SinkConfig,
    StreamConfig,
    SyslogConfig,
)
from logging_lib.console import render_console
from logging_lib.sinks.base import Sink
from logging_lib.sinks.file import FileSink
from logging_lib.sinks.memory import MemorySink
from logging_lib.sinks.stream import StreamSink


def build_sink(config: SinkConfig, environ: Mapping[str, str]) -> Sink:
    """Build the sink for a configuration; network sinks are imported only if used.

    Raises:
        OSError: a file can't be opened.
        ValueError: a setting can't be used, such as a token over plain http.
    """
    match config:
        case StreamConfig():
            render = render_console if config.format == "console" else str
            return StreamSink(config.stream, render=render, timeout_s=config.timeout_s)
        case FileConfig():
            return FileSink(config.path, max_bytes=config.max_bytes, backups=config.backups)
        case MemoryConfig():
            return MemorySink(config.capacity)
        case HttpConfig():
            from logging_lib.sinks.http import HttpSink  # noqa: PLC0415 - optional

            return HttpSink(config, environ)
        case SyslogConfig():
            from logging_lib.sinks.syslog import SyslogSink  # noqa: PLC0415 - optional

            return SyslogSink(config)
