"""A sink with what keeps it from harming the others: a level, a circuit breaker, counts."""

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
    """Tell whether this thread is inside a sink; what it logs there must not be queued again."""
    return getattr(_thread, "delivering", False)


def report_on_stderr(message: str) -> None:
    """Say on the process's own standard error what the logs can't say; or not, if it is stuck."""
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):  # closed, broken, or without room at this moment
            write_some(sys.__stderr__.fileno(), f"{message}\n".encode(), timeout_s=0)


class Channel:
    """Hands entries to one sink and never raises.

    After a failure the sink is left alone: for a second, then two, up to a minute, until a write
    succeeds. Entries that come meanwhile are counted as dropped (`circuit-open`), so that a broken
    sink costs the others at most one time-out a pause.
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
        """Wrap a sink; `name` is its label in the metrics, `level` the least it wants."""
        self.name = name
        self.sink = sink
        self._level = level
        self._metrics = metrics
        self._clock = clock
        self._report = report
        self._pause_s = 0.0
        self._closed_until = float("-inf")

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Write what the sink wants of the entries, in batches of the size that it likes."""
        wanted = [entry for entry in entries if entry.level >= self._level]
        size = self.sink.batch_size
        _thread.delivering = True
        try:
            for start in range(0, len(wanted), size):
                self._write(wanted[start : start + size])
        finally:
            _thread.delivering = False

    def _write(self, batch: Sequence[Entry]) -> None:
        if self._clock() < self._closed_until:
            self._metrics.dropped(self.name, "circuit-open", len(batch))
            return
        try:
            self.sink.write(batch)
        except Exception as error:  # noqa: BLE001 - any sink, any failure: it must stay its own
            self._metrics.failed(self.name, len(batch))
            self._open(error)
        else:
            self._metrics.emitted(self.name, len(batch))
            self._pause_s = 0.0

    def _open(self, error: Exception) -> None:
        if not self._pause_s:  # say it once, not at each attempt
            # The type alone: a message could hold a URL with a password.
            self._report(f"logging_lib: sink {self.name!r} fails with {type(error).__name__}")
        self._pause_s = min(max(FIRST_PAUSE_S, self._pause_s * 2), LONGEST_PAUSE_S)
        self._closed_until = self._clock() + self._pause_s

    def close(self) -> None:
        """Close the sink; a failure to do so is counted for no record and stays here."""
        try:
            self.sink.close()
        except Exception as error:  # noqa: BLE001 - as above
            self._report(f"logging_lib: sink {self.name!r} closes with {type(error).__name__}")
