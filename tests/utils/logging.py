"""Capture log records in tests, without threads or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from logging_lib.config import load
from logging_lib.metrics import Metrics
from logging_lib.runtime import LoggingRuntime
from logging_lib.sinks.base import Sink
from logging_lib.sinks.memory import MemorySink


def synchronous_runtime(
    sinks: Mapping[str, Sink], *, metrics: Metrics, **config: object
) -> LoggingRuntime:
    """Build a runtime that writes to the named sinks in the thread that logs.

    The caller must `install` it and `shutdown` it. `config` is the same as for
    `logging_lib.configure`; to set a sink's level, describe it under `sinks`.
    """
    sink_configs = [{"type": "memory", "name": name} for name in sinks]
    settings = load({"sinks": sink_configs, **config, "synchronous": True}, environ={})
    return LoggingRuntime(settings, sinks, metrics=metrics)


@contextmanager
def capture(level: str = "debug", **config: object) -> Iterator[MemorySink]:
    """Capture the block's log records: decoded as `.records`, rendered as `.lines`.

    Records pass through the real pipeline, including redaction. Afterwards the previous
    configuration is restored. The records are not counted in the metrics of the process.
    """
    sink = MemorySink()
    runtime = synchronous_runtime({"capture": sink}, metrics=Metrics(), level=level, **config)
    previous = runtime.install()
    try:
        yield sink
    finally:
        runtime.shutdown()
        if previous is not None:
            previous.install()
