"""Structured logging: one line of JSON per record, redacted, written by a background thread.

runtime = configure({"level": "info", "sinks": [{"type": "stream", "stream": "stdout"}]})
log = get_logger(__name__)
with context(request_id="5f2c"):
    log.info("token_issued", client_id="ci")
runtime.shutdown()
"""

from logging_lib.config import ConfigError
from logging_lib.context import bind, clear, context
from logging_lib.pipeline import get_logger
from logging_lib.runtime import LoggingRuntime, configure, flush, shutdown

__all__ = [
    "ConfigError",
    "LoggingRuntime",
    "bind",
    "clear",
    "configure",
    "context",
    "flush",
    "get_logger",
    "shutdown",
]
