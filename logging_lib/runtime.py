"""Logging as it is configured at the moment: built, put in place, taken down."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence

from prometheus_client import REGISTRY, CollectorRegistry

from logging_lib import pipeline
from logging_lib.channel import Channel
from logging_lib.config import Config, ConfigError, level_number, load
from logging_lib.dispatcher import Dispatcher, QueueDispatcher, SynchronousDispatcher
from logging_lib.handler import DispatchHandler
from logging_lib.metrics import DISPATCHER, METRICS, Metrics
from logging_lib.redaction import Redactor
from logging_lib.sinks.base import Entry, Sink
from logging_lib.sinks.factory import build_sink

_lock = threading.RLock()
_current: LoggingRuntime | None = None


class LoggingRuntime:
    """The handler on the root logger and everything behind it.

    One dispatcher thread serves all sinks in turn. A sink that is `isolated` has a queue and a
    thread of its own behind it (dropping the oldest when full), so that waiting for a network
    never delays the others.
    """

    def __init__(
        self, config: Config, sinks: Mapping[str, Sink], *, metrics: Metrics = METRICS
    ) -> None:
        """Wire the sinks, by their labels, to a dispatcher; nothing is logged before `install`."""
        self.config = config
        self.sinks = dict(sinks)
        self._metrics = metrics
        self._direct: list[Channel] = []
        self._lanes: list[tuple[Channel, Dispatcher]] = []
        for settings in config.sinks:
            channel = Channel(
                settings.label,
                self.sinks[settings.label],
                level=level_number(settings.level),
                metrics=metrics,
            )
            if settings.isolated and not config.synchronous:
                self._lanes.append((channel, self._lane(channel)))
            else:
                self._direct.append(channel)
        self._dispatcher = self._main_dispatcher()
        self._handler = DispatchHandler(self._dispatcher, metrics)
        self._restore: list[tuple[logging.Logger, int]] = []
        self._replaced: list[logging.Handler] = []
        self._is_shut_down = False

    def _main_dispatcher(self) -> Dispatcher:
        if self.config.synchronous:
            return SynchronousDispatcher(self._deliver, name=DISPATCHER, metrics=self._metrics)
        queue = self.config.queue
        return QueueDispatcher(
            self._deliver,
            name=DISPATCHER,
            metrics=self._metrics,
            capacity=queue.capacity,
            overflow=queue.overflow,
            block_timeout_s=queue.block_timeout_s,
        )

    def _lane(self, channel: Channel) -> Dispatcher:
        return QueueDispatcher(
            channel.deliver,
            name=channel.name,
            metrics=self._metrics,
            capacity=self.config.queue.capacity,
            overflow="drop-oldest",
        )

    def _deliver(self, entries: Sequence[Entry]) -> None:
        for _, lane in self._lanes:  # first: this does not wait
            for entry in entries:
                lane.submit(entry)
        for channel in self._direct:
            channel.deliver(entries)

    def install(self) -> None:
        """Take the place of the root logger's console handlers; set levels and redaction."""
        root = logging.getLogger()
        levels = {"": self.config.level, **self.config.levels}
        for name, level in levels.items():
            logger = logging.getLogger(name)
            self._restore.append((logger, logger.level))
            logger.setLevel(level_number(level))
        # basicConfig's handler would show each record a second time. Subclasses are somebody
        # else's (pytest's, an error tracker's) and stay.
        self._replaced = [each for each in root.handlers if type(each) is logging.StreamHandler]
        for handler in self._replaced:
            root.removeHandler(handler)
        pipeline.use_redactor(
            Redactor(keys=self.config.redact.keys, allow=self.config.redact.allow)
        )
        root.addHandler(self._handler)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was logged so far is written or given up.

        Returns False when `timeout_s` (by default the configured `flush_timeout_s`) ran out first.
        """
        deadline = time.monotonic() + self._timeout(timeout_s)
        done = True
        for dispatcher in (self._dispatcher, *(lane for _, lane in self._lanes)):
            done &= dispatcher.flush(max(0.0, deadline - time.monotonic()))
        return done

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Put the root logger back as it was, write what waits, close the sinks.

        Returns False when records were lost because `timeout_s` ran out; a sink that hangs is left
        to its thread. A second call does nothing and returns True.
        """
        with _lock:
            if self._is_shut_down:
                return True
            self._is_shut_down = True
            self._uninstall()
        deadline = time.monotonic() + self._timeout(timeout_s)
        done = self._dispatcher.close(self._timeout(timeout_s))
        if done:
            for channel in self._direct:
                channel.close()
        for channel, lane in self._lanes:
            if lane.close(max(0.0, deadline - time.monotonic())):
                channel.close()
            else:
                done = False
        return done

    def _uninstall(self) -> None:
        global _current  # noqa: PLW0603 - there is one root logger
        root = logging.getLogger()
        root.removeHandler(self._handler)
        for handler in self._replaced:
            root.addHandler(handler)
        for logger, level in reversed(self._restore):
            logger.setLevel(level)
        if _current is self:
            _current = None
            pipeline.use_redactor(Redactor())

    def _timeout(self, timeout_s: float | None) -> float:
        return self.config.flush_timeout_s if timeout_s is None else timeout_s


def configure(
    config: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    registry: CollectorRegistry = REGISTRY,
) -> LoggingRuntime:
    """Set logging up for the process, in the place of an earlier set-up.

    Args:
        config: see `logging_lib.config.Config` and the README.
        environ: the environment, by default the process's; its `LOG_*` variables win.
        registry: where the metrics are shown.

    Raises:
        ConfigError: the configuration can't be used; the earlier one stays in force.
    """
    global _current  # noqa: PLW0603 - there is one root logger
    environ = os.environ if environ is None else environ
    settings = load(config, environ)
    sinks = _build_sinks(settings, environ)
    with _lock:
        if _current is not None:
            _current.shutdown()
        METRICS.register(registry)
        runtime = LoggingRuntime(settings, sinks)
        runtime.install()
        _current = runtime
        return runtime


def _build_sinks(config: Config, environ: Mapping[str, str]) -> dict[str, Sink]:
    sinks: dict[str, Sink] = {}
    for settings in config.sinks:
        try:
            sinks[settings.label] = build_sink(settings, environ)
        except (OSError, ValueError) as error:
            for sink in sinks.values():
                sink.close()
            raise ConfigError(f"logging configuration: sink {settings.label!r}: {error}") from error
    return sinks


def flush(timeout_s: float | None = None) -> bool:
    """Flush the current set-up; True when there is none."""
    return _current is None or _current.flush(timeout_s)


def shutdown(timeout_s: float | None = None) -> bool:
    """Shut the current set-up down; True when there is none. Also done at the end of a process."""
    return _current is None or _current.shutdown(timeout_s)


atexit.register(shutdown)
