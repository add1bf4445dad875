from __future__ import annotations

import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from logging_lib import metrics
from logging_lib.metrics import Metrics, Snapshot


def return_three() -> int:
    return 3


@pytest.mark.architecture
def test_a_snapshot_contains_all_counts(counts: Metrics) -> None:
    counts.emitted("file", 2)
    counts.dropped("dispatcher", "overflow")
    counts.failed("http", 5)
    counts.watch_depth("dispatcher", return_three)
    assert counts.snapshot() == Snapshot(
        emitted={"file": 2},
        dropped={("dispatcher", "overflow"): 1},
        failed={"http": 5},
        queue_depth={"dispatcher": 3},
    )


@pytest.mark.architecture
def test_the_metrics_have_the_prometheus_text_format(counts: Metrics) -> None:
    registry = CollectorRegistry()
    counts.register(registry)
    counts.emitted("file", 2)
    counts.dropped("http", "circuit-open", 4)
    counts.failed("http")
    counts.watch_depth("dispatcher", return_three)
    text = generate_latest(registry).decode()
    assert 'logging_records_emitted_total{sink="file"} 2.0' in text
    assert 'logging_records_dropped_total{reason="circuit-open",sink="http"} 4.0' in text
    assert 'logging_records_failed_total{sink="http"} 1.0' in text
    assert 'logging_queue_depth{queue="dispatcher"} 3.0' in text


@pytest.mark.architecture
def test_the_same_counts_can_be_on_several_registries(counts: Metrics) -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    counts.register(first)
    counts.register(second)
    counts.emitted("file")
    for registry in (first, second):
        assert registry.get_sample_value("logging_records_emitted_total", {"sink": "file"}) == 1


@pytest.mark.reliability
def test_registering_twice_is_not_an_error(counts: Metrics) -> None:
    registry = CollectorRegistry()
    counts.register(registry)
    counts.register(registry)
    counts.emitted("file")
    assert registry.get_sample_value("logging_records_emitted_total", {"sink": "file"}) == 1


@pytest.mark.reliability
def test_reset_clears_counts_but_not_queues(counts: Metrics) -> None:
    counts.emitted("a")
    counts.dropped("a", "x")
    counts.failed("a")
    counts.watch_depth("q", return_three)
    counts.reset()
    assert counts.snapshot() == Snapshot({}, {}, {}, {"q": 3})


@pytest.mark.reliability
def test_unwatching_does_not_remove_a_newer_queue_of_the_same_name(counts: Metrics) -> None:
    counts.watch_depth("q", lambda: 1)
    counts.watch_depth("q", return_three)
    counts.unwatch_depth("q", lambda: 1)
    assert counts.snapshot().queue_depth == {"q": 3}
    counts.unwatch_depth("q", return_three)
    assert counts.snapshot().queue_depth == {}


@pytest.mark.reliability
def test_concurrent_counts_are_not_lost(counts: Metrics) -> None:
    def count() -> None:
        for _ in range(500):
            counts.emitted("a")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.snapshot().emitted == {"a": 2000}


@pytest.mark.reliability
def test_a_forked_child_starts_from_zero_with_a_free_lock(counts: Metrics) -> None:
    counts.emitted("a")
    holder = threading.Thread(
        target=counts._lock.acquire
    )  # a thread that does not exist in the child
    holder.start()
    holder.join()
    counts.before_fork()
    counts.after_fork_in_child()
    counts.emitted("b")
    assert counts.snapshot().emitted == {"b": 1}


@pytest.mark.security
def test_label_values_cannot_forge_a_metric(counts: Metrics) -> None:
    registry = CollectorRegistry()
    counts.register(registry)
    counts.emitted('x"} 1\nforged_total{sink="y')
    assert "\nforged_total" not in generate_latest(registry).decode()


@pytest.mark.architecture
def test_module_functions_use_the_counts_of_the_process() -> None:
    registry = CollectorRegistry()
    metrics.register(registry)
    metrics.METRICS.failed("only-here")
    assert metrics.snapshot().failed == {"only-here": 1}
    assert registry.get_sample_value("logging_records_failed_total", {"sink": "only-here"}) == 1
    metrics.reset()
    assert metrics.snapshot().failed == {}
