from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logging_lib.channel import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    Channel,
    is_delivering,
    report_on_stderr,
)
from logging_lib.metrics import Metrics
from logging_lib.sinks.base import Entry
from logging_lib.sinks.memory import MemorySink
from tests.unit.logging.conftest import BrokenSink, FakeClock, fill

MakeEntry = Callable[..., Entry]


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def channel(
    broken_sink: BrokenSink, counts: Metrics, clock: FakeClock, reports: list[str]
) -> Channel:
    return Channel(
        "s", broken_sink, level=logging.DEBUG, metrics=counts, clock=clock, report=reports.append
    )


@pytest.mark.architecture
def test_a_sink_gets_entries_at_its_level_or_above(
    memory_sink: MemorySink, counts: Metrics, entry: MakeEntry
) -> None:
    channel = Channel("s", memory_sink, level=logging.WARNING, metrics=counts)
    channel.deliver([entry("low", logging.INFO), entry("a", 30), entry("b", 40)])
    assert [r["event"] for r in memory_sink.records] == ["a", "b"]
    assert counts.snapshot().emitted == {"s": 2}


@pytest.mark.architecture
def test_batches_are_no_larger_than_the_sinks_batch_size(
    broken_sink: BrokenSink, channel: Channel, entry: MakeEntry
) -> None:
    broken_sink.broken, broken_sink.batch_size = False, 2
    channel.deliver([entry(str(n)) for n in range(5)])
    assert [len(batch) for batch in broken_sink.attempts] == [2, 2, 1]


@pytest.mark.reliability
def test_a_failure_is_counted_and_not_raised(
    channel: Channel, counts: Metrics, entry: MakeEntry
) -> None:
    channel.deliver([entry()])
    assert counts.snapshot().failed == {"s": 1}
    assert counts.snapshot().emitted == {}


@pytest.mark.reliability
def test_a_batch_fails_as_a_whole(
    broken_sink: BrokenSink, channel: Channel, counts: Metrics, entry: MakeEntry
) -> None:
    broken_sink.batch_size = 3
    channel.deliver([entry(), entry(), entry(), entry()])
    assert counts.snapshot().failed == {"s": 3}
    assert counts.snapshot().dropped == {("s", "circuit-open"): 1}


@pytest.mark.reliability
def test_a_failing_sink_is_paused(
    broken_sink: BrokenSink,
    channel: Channel,
    counts: Metrics,
    clock: FakeClock,
    entry: MakeEntry,
) -> None:
    channel.deliver([entry("first")])
    clock.now += FIRST_PAUSE_S - 0.001
    channel.deliver([entry("skipped")])
    assert len(broken_sink.attempts) == 1
    assert counts.snapshot().dropped == {("s", "circuit-open"): 1}
    clock.now += 0.001
    channel.deliver([entry("tried")])
    assert len(broken_sink.attempts) == 2


@pytest.mark.reliability
def test_the_pause_doubles_up_to_a_minute_and_is_reset_by_a_success(
    broken_sink: BrokenSink, channel: Channel, clock: FakeClock, entry: MakeEntry
) -> None:
    pauses = []
    for _ in range(8):
        channel.deliver([entry()])
        pauses.append(channel._paused_until - clock.now)
        clock.now = channel._paused_until
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    broken_sink.broken = False
    channel.deliver([entry()])
    broken_sink.broken = True
    channel.deliver([entry()])
    assert channel._paused_until - clock.now == FIRST_PAUSE_S


@pytest.mark.reliability
def test_a_recovered_sink_gets_all_entries_again(
    broken_sink: BrokenSink,
    channel: Channel,
    counts: Metrics,
    clock: FakeClock,
    entry: MakeEntry,
) -> None:
    channel.deliver([entry()])
    broken_sink.broken = False
    clock.now += FIRST_PAUSE_S
    channel.deliver([entry(), entry()])
    assert counts.snapshot().emitted == {"s": 2}


@pytest.mark.reliability
def test_an_outage_is_reported_once(
    channel: Channel, clock: FakeClock, reports: list[str], entry: MakeEntry
) -> None:
    for _ in range(3):
        channel.deliver([entry()])
        clock.now += LONGEST_PAUSE_S
    assert len(reports) == 1


@pytest.mark.security
def test_the_report_contains_the_error_type_without_its_message(
    channel: Channel, reports: list[str], entry: MakeEntry
) -> None:
    channel.deliver([entry()])
    channel.close()
    assert "ConnectionError" in reports[0]
    assert "hunter2" not in "".join(reports)


@pytest.mark.reliability
def test_a_failed_close_is_reported_and_not_raised(
    broken_sink: BrokenSink, channel: Channel, reports: list[str]
) -> None:
    channel.close()
    assert broken_sink.closed == 1
    assert reports == ["logging_lib: sink 's' closes with ConnectionError"]


@pytest.mark.reliability
def test_is_delivering_is_true_inside_a_sink(
    counts: Metrics, entry: MakeEntry, broken_sink: BrokenSink
) -> None:
    results: list[bool] = []

    class RecordingSink(MemorySink):
        def write(self, entries: object) -> None:
            results.append(is_delivering())
            raise RuntimeError

    channel = Channel("s", RecordingSink(), level=0, metrics=counts, report=lambda _: None)
    channel.deliver([entry()])
    assert results == [True]
    assert not is_delivering()


@pytest.fixture
def stderr_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "__stderr__", stream)
        yield reading
    os.close(reading)


@pytest.mark.architecture
def test_outages_are_reported_on_standard_error(stderr_pipe: int) -> None:
    report_on_stderr("sink down")
    assert os.read(stderr_pipe, 100) == b"sink down\n"


@pytest.mark.reliability
def test_a_report_does_not_wait_for_a_blocked_standard_error(stderr_pipe: int) -> None:
    stream = sys.__stderr__
    assert stream is not None
    fill(stream.fileno())
    report_on_stderr("would block forever")


@pytest.mark.reliability
def test_a_report_without_a_usable_standard_error_does_not_raise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "__stderr__", None)
    report_on_stderr("no stream")
    with (tmp_path / "closed").open("w") as stream:
        pass
    monkeypatch.setattr(sys, "__stderr__", stream)
    report_on_stderr("a closed stream")
