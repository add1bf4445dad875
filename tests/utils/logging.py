"""Capture log records in tests: without threads, without files, without leaving traces."""

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
    """Build a runtime that writes to these sinks, by name, in the thread that logs.

    It is the caller's to `install` and to `shutdown`. `config` is as for `logging_lib.configure`,
    where a sink of another level can be described under `sinks`.
    """
    named = [{"type": "memory", "name": name} for name in sinks]
    settings = load({"sinks": named, **config, "synchronous": True}, environ={})
    return LoggingRuntime(settings, sinks, metrics=metrics)


@contextmanager
def capture(level: str = "debug", **config: object) -> Iterator[MemorySink]:
    """Capture what is logged inside the block: `.records` decoded, `.lines` as rendered.

    Records pass the real pipeline, redaction included. What was configured before is in force
    again afterwards, and the process's metrics count nothing of it.
    """
    sink = MemorySink()
    runtime = synchronous_runtime({"capture": sink}, metrics=Metrics(), level=level, **config)
    earlier = runtime.install()
    try:
        yield sink
    finally:
        runtime.shutdown()
        if earlier is not None:
            earlier.install()
