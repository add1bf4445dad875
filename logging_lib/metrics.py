"""Prometheus metrics: emitted, dropped and failed records, and the depth of the queues.

The counts are per process; a forked child starts from zero. They are plain integers behind a
prometheus-client collector, so that they can be reset and their lock can be replaced after a fork.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from weakref import WeakSet

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from logging_lib import forking

DISPATCHER = "dispatcher"
"""The label for records that have not reached a sink."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All counts at one time. `dropped` is by (sink, reason), the others by sink or queue."""

    emitted: dict[str, int]
    dropped: dict[tuple[str, str], int]
    failed: dict[str, int]
    queue_depth: dict[str, int]


class Metrics(Collector):
    """Thread-safe counts per sink, exposed as Prometheus metrics."""

    def __init__(self) -> None:
        """Start with zero counts and no queues."""
        self._reset_all()
        self._depths: dict[str, Callable[[], int]] = {}
        self._registries: WeakSet[CollectorRegistry] = WeakSet()
        forking.watch(self)

    def emitted(self, sink: str, count: int = 1) -> None:
        """Count records that a sink has written."""
        with self._lock:
            self._emitted[sink] += count

    def dropped(self, sink: str, reason: str, count: int = 1) -> None:
        """Count records that were dropped without trying to write them, by reason."""
        with self._lock:
            self._dropped[sink, reason] += count

    def failed(self, sink: str, count: int = 1) -> None:
        """Count records that were lost because a sink raised."""
        with self._lock:
            self._failed[sink] += count

    def watch_depth(self, queue: str, depth: Callable[[], int]) -> None:
        """Report a queue's depth; `depth` is called whenever the metrics are read."""
        with self._lock:
            self._depths[queue] = depth

    def unwatch_depth(self, queue: str, depth: Callable[[], int]) -> None:
        """Stop reporting a queue, unless another queue uses its name now."""
        with self._lock:
            if self._depths.get(queue) == depth:
                del self._depths[queue]

    def snapshot(self) -> Snapshot:
        """Return all counts as they are now."""
        with self._lock:
            emitted, dropped, failed = dict(self._emitted), dict(self._dropped), dict(self._failed)
            depths = dict(self._depths)
        # Outside the lock, because a queue may be counting a dropped record at the same time.
        return Snapshot(emitted, dropped, failed, {name: depths[name]() for name in sorted(depths)})

    def reset(self) -> None:
        """Set all counts to zero; queues are still reported."""
        with self._lock:
            self._emitted.clear()
            self._dropped.clear()
            self._failed.clear()

    def register(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Expose the metrics on a registry; registering twice has no effect."""
        if registry not in self._registries:
            registry.register(self)
            self._registries.add(registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families, for prometheus-client."""
        now = self.snapshot()
        emitted = CounterMetricFamily(
            "logging_records_emitted", "Records written to a sink.", labels=["sink"]
        )
        for sink, count in sorted(now.emitted.items()):
            emitted.add_metric([sink], count)
        yield emitted
        dropped = CounterMetricFamily(
            "logging_records_dropped", "Records dropped, by reason.", labels=["sink", "reason"]
        )
        for labels, count in sorted(now.dropped.items()):
            dropped.add_metric(labels, count)
        yield dropped
        failed = CounterMetricFamily(
            "logging_records_failed", "Records lost because a sink raised.", labels=["sink"]
        )
        for sink, count in sorted(now.failed.items()):
            failed.add_metric([sink], count)
        yield failed
        depth = GaugeMetricFamily(
            "logging_queue_depth", "Records waiting in a queue.", labels=["queue"]
        )
        for queue, count in now.queue_depth.items():
            depth.add_metric([queue], count)
        yield depth

    def before_fork(self) -> None:
        """Nothing to prepare: the child starts from zero."""

    def after_fork_in_parent(self) -> None:
        """Nothing was prepared."""

    def after_fork_in_child(self) -> None:
        """Start from zero, with a new lock."""
        self._reset_all()

    def _reset_all(self) -> None:
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while we count
        self._emitted: Counter[str] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._failed: Counter[str] = Counter()


METRICS = Metrics()
"""The counts of this process."""


def snapshot() -> Snapshot:
    """Return this process's counts as they are now."""
    return METRICS.snapshot()


def reset() -> None:
    """Set this process's counts to zero."""
    METRICS.reset()


def register(registry: CollectorRegistry = REGISTRY) -> None:
    """Expose this process's counts on an additional registry."""
    METRICS.register(registry)
