"""The logging runtime: set up, installed on the root logger, shut down."""

from __future__ import annotations

import atexit
import logging
import multiprocessing.util
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

    One dispatcher thread serves all sinks in turn. An `isolated` sink has an additional queue and
    thread (dropping the oldest entry if full), so that waiting for a network never delays other
    sinks.
    """

    def __init__(
        self, config: Config, sinks: Mapping[str, Sink], *, metrics: Metrics = METRICS
    ) -> None:
        """Connect the sinks, by label, to a dispatcher. Nothing is logged before `install`."""
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
        self._is_installed = False

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
        for _, lane in self._lanes:  # first, because this does not block
            for entry in entries:
                lane.submit(entry)
        for channel in self._direct:
            channel.deliver(entries)

    def install(self) -> LoggingRuntime | None:
        """Install on the root logger; return the previous runtime, to drain or install again.

        Handlers from `logging.basicConfig` are removed temporarily, because they would show each
        record twice. Other handlers (pytest's, an error tracker's) stay.
        """
        global _current  # noqa: PLW0603 - there is one root logger
        with _lock:
            previous = _current
            if previous is not None:
                previous.uninstall()
            root = logging.getLogger()
            self._restore = []
            for name, level in {"": self.config.level, **self.config.levels}.items():
                logger = logging.getLogger(name)
                self._restore.append((logger, logger.level))
                logger.setLevel(level_number(level))
            self._replaced = [h for h in root.handlers if type(h) is logging.StreamHandler]
            for handler in self._replaced:
                root.removeHandler(handler)
            redact = self.config.redact
            pipeline.use_redactor(Redactor(keys=redact.keys, allow=redact.allow))
            root.addHandler(self._handler)
            self._is_installed = True
            _current = self
        return previous

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything logged so far is written or dropped.

        Returns False if `timeout_s` (default: the configured `flush_timeout_s`) ran out.
        """
        deadline = time.monotonic() + self._timeout(timeout_s)
        done = True
        for dispatcher in (self._dispatcher, *(lane for _, lane in self._lanes)):
            done &= dispatcher.flush(max(0.0, deadline - time.monotonic()))
        return done

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Restore the root logger, write the queued records and close the sinks.

        Returns False if records were lost because `timeout_s` ran out; a hanging sink is abandoned.
        A second call does nothing and returns True.
        """
        return not self.uninstall() or self.drain(timeout_s)

    def drain(self, timeout_s: float | None = None) -> bool:
        """Write the queued records and close the sinks, after the runtime was uninstalled."""
        timeout = self._timeout(timeout_s)
        deadline = time.monotonic() + timeout
        done = self._dispatcher.close(timeout)
        if done:
            for channel in self._direct:
                channel.close()
        for channel, lane in self._lanes:
            if lane.close(max(0.0, deadline - time.monotonic())):
                channel.close()
            else:
                done = False
        return done

    def uninstall(self) -> bool:
        """Restore the root logger, levels and redaction; False if not installed."""
        global _current  # noqa: PLW0603 - there is one root logger
        with _lock:
            if not self._is_installed:
                return False
            self._is_installed = False
            root = logging.getLogger()
            root.removeHandler(self._handler)
            for handler in self._replaced:
                root.addHandler(handler)
            for logger, level in reversed(self._restore):
                logger.setLevel(level)
            if _current is self:
                _current = None
            pipeline.use_redactor(Redactor())
            return True

    def _timeout(self, timeout_s: float | None) -> float:
        return self.config.flush_timeout_s if timeout_s is None else timeout_s


def configure(
    config: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    registry: CollectorRegistry = REGISTRY,
) -> LoggingRuntime:
    """Set up logging for the process, replacing any previous set-up.

    Args:
        config: see `logging_lib.config.Config` and the README.
        environ: environment variables, by default the process's; `LOG_*` overrides `config`.
        registry: where the metrics are exposed.

    Raises:
        ConfigError: the configuration is invalid; the previous one stays active.
    """
    environ = os.environ if environ is None else environ
    settings = load(config, environ)
    runtime = LoggingRuntime(settings, _build_sinks(settings, environ))
    METRICS.register(registry)
    previous = runtime.install()
    if previous is not None:
        previous.drain()
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
    """Flush the current runtime; True if there is none."""
    return _current is None or _current.flush(timeout_s)


def shutdown(timeout_s: float | None = None) -> bool:
    """Shut down the current runtime; True if there is none. Also called when the process ends."""
    return _current is None or _current.shutdown(timeout_s)


def _in_multiprocessing_child(_: object) -> None:
    # The child exits with os._exit, which skips atexit but not these finalizers.
    multiprocessing.util.Finalize(None, shutdown, exitpriority=0)


atexit.register(shutdown)
multiprocessing.util.register_after_fork(shutdown, _in_multiprocessing_child)
