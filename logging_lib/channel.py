"""Channels: isolate a sink's failures, with a level, a circuit breaker and counts."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from logging_lib.descriptors import write_some
from logging_lib.metrics import Metrics
from logging_lib.sinks.base import Entry, Sink

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

_thread = threading.local()


def is_delivering() -> bool:
    """Return whether this thread is inside a sink, where new records must not be queued."""
    return getattr(_thread, "delivering", False)


def report_on_stderr(message: str) -> None:
    """Report a logging failure on the process's standard error; skip it if that is blocked."""
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):  # closed, broken or currently full
            write_some(sys.__stderr__.fileno(), f"{message}\n".encode(), timeout_s=0)


class Channel:
    """Delivers entries to one sink and never raises.

    After a failure the sink is paused: for one second, then two, up to a minute, until a write
    succeeds. Entries during a pause are counted as dropped (`circuit-open`), so that a broken sink
    delays the others by at most one time-out per pause.
    """

    def __init__(
        self,
        name: str,
        sink: Sink,
        *,
        level: int,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[str], None] = report_on_stderr,
    ) -> None:
        """Wrap a sink; `name` is its label in the metrics, `level` its minimum level."""
        self.name = name
        self.sink = sink
        self._level = level
        self._metrics = metrics
        self._clock = clock
        self._report = report
        self._pause_s = 0.0
        self._paused_until = float("-inf")

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Write the entries of the sink's level or above, in batches of the sink's size."""
        accepted = [entry for entry in entries if entry.level >= self._level]
        size = self.sink.batch_size
        _thread.delivering = True
        try:
            for start in range(0, len(accepted), size):
                self._write(accepted[start : start + size])
        finally:
            _thread.delivering = False

    def _write(self, batch: Sequence[Entry]) -> None:
        if self._clock() < self._paused_until:
            self._metrics.dropped(self.name, "circuit-open", len(batch))
            return
        try:
            self.sink.write(batch)
        except Exception as error:  # noqa: BLE001 - no failure of a sink may affect others
            self._metrics.failed(self.name, len(batch))
            self._pause(error)
        else:
            self._metrics.emitted(self.name, len(batch))
            self._pause_s = 0.0

    def _pause(self, error: Exception) -> None:
        if not self._pause_s:  # report it once, not after each attempt
            # Only the type: a message could contain a URL with a password.
            self._report(f"logging_lib: sink {self.name!r} fails with {type(error).__name__}")
        self._pause_s = min(max(FIRST_PAUSE_S, self._pause_s * 2), LONGEST_PAUSE_S)
        self._paused_until = self._clock() + self._pause_s

    def close(self) -> None:
        """Close the sink; report a failure instead of raising it."""
        try:
            self.sink.close()
        except Exception as error:  # noqa: BLE001 - as above
            self._report(f"logging_lib: sink {self.name!r} closes with {type(error).__name__}")
