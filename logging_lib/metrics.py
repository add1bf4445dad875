"""What became of the records, for Prometheus: emitted, dropped, failed, and the queues' depth.

The counts are the process's, as logging is; a forked child starts from zero. They are kept as
plain integers behind a prometheus-client collector, so that they can be reset, and so that their
lock can be renewed after a fork.
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
"""The label of what happens before a record has reached any sink."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counts at one moment. `dropped` is by (sink, reason), the others by sink or queue."""

    emitted: dict[str, int]
    dropped: dict[tuple[str, str], int]
    failed: dict[str, int]
    queue_depth: dict[str, int]


class Metrics(Collector):
    """Counts per sink, thread-safe, readable as Prometheus metrics."""

    def __init__(self) -> None:
        """Start with nothing counted and no queue watched."""
        self._renew()
        self._depths: dict[str, Callable[[], int]] = {}
        self._registries: WeakSet[CollectorRegistry] = WeakSet()
        forking.watch(self)

    def emitted(self, sink: str, count: int = 1) -> None:
        """Count records that a sink has taken."""
        with self._lock:
            self._emitted[sink] += count

    def dropped(self, sink: str, reason: str, count: int = 1) -> None:
        """Count records that were given up without trying, and why."""
        with self._lock:
            self._dropped[sink, reason] += count

    def failed(self, sink: str, count: int = 1) -> None:
        """Count records that were lost because a sink raised."""
        with self._lock:
            self._failed[sink] += count

    def watch_depth(self, queue: str, depth: Callable[[], int]) -> None:
        """Report a queue's depth, asked for whenever the metrics are read."""
        with self._lock:
            self._depths[queue] = depth

    def unwatch_depth(self, queue: str, depth: Callable[[], int]) -> None:
        """Stop reporting a queue, unless another has taken its name since."""
        with self._lock:
            if self._depths.get(queue) == depth:
                del self._depths[queue]

    def snapshot(self) -> Snapshot:
        """Return all counts as they are now."""
        with self._lock:
            emitted, dropped, failed = dict(self._emitted), dict(self._dropped), dict(self._failed)
            depths = dict(self._depths)
        # Outside the lock: a queue may be counting a drop while it is asked for its depth.
        return Snapshot(emitted, dropped, failed, {name: depths[name]() for name in sorted(depths)})

    def reset(self) -> None:
        """Set all counts to zero; queues are watched as before."""
        with self._lock:
            self._emitted.clear()
            self._dropped.clear()
            self._failed.clear()

    def register(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Show the metrics on a registry; a second call for the same one changes nothing."""
        if registry not in self._registries:
            registry.register(self)
            self._registries.add(registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families, for prometheus-client."""
        now = self.snapshot()
        emitted = CounterMetricFamily(
            "logging_records_emitted", "Records that a sink has taken.", labels=["sink"]
        )
        for sink, count in sorted(now.emitted.items()):
            emitted.add_metric([sink], count)
        yield emitted
        dropped = CounterMetricFamily(
            "logging_records_dropped", "Records given up, by reason.", labels=["sink", "reason"]
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
        """Nothing to prepare: the child starts anew."""

    def after_fork_in_parent(self) -> None:
        """Nothing was prepared."""

    def after_fork_in_child(self) -> None:
        """Start from zero, with a lock that no lost thread holds."""
        self._renew()

    def _renew(self) -> None:
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
    """Show this process's counts on a registry, besides any that shows them already."""
    METRICS.register(registry)
