"""Responsible for the logging suite: reset metrics, in-memory sinks, a synchronous harness."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

import logging_lib
from logging_lib import metrics
from logging_lib.metrics import Metrics
from logging_lib.runtime import LoggingRuntime
from logging_lib.sinks.base import Entry
from logging_lib.sinks.memory import MemorySink
from tests.utils.logging import synchronous_runtime


@pytest.fixture(autouse=True)
def _no_leaked_logging() -> Iterator[None]:
    """Reset the metrics before each test, and the configuration and context after it."""
    metrics.reset()
    yield
    logging_lib.shutdown()
    logging_lib.clear()
    metrics.reset()


@dataclass
class BrokenSink:
    """A sink that raises while `broken` is True, and records what it should write."""

    broken: bool = True
    batch_size: int = 1
    attempts: list[list[Entry]] = field(default_factory=list)
    closed: int = 0

    def write(self, entries: Sequence[Entry]) -> None:
        self.attempts.append(list(entries))
        if self.broken:
            raise ConnectionError("postgres://app:hunter2@db is down")

    def close(self) -> None:
        self.closed += 1
        if self.broken:
            raise ConnectionError("can't close")


def fill(descriptor: int) -> None:
    """Fill a pipe that nobody reads, so that the next write to it would block forever."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x" * select.PIPE_BUF)
    os.set_blocking(descriptor, True)


@dataclass
class FakeClock:
    """A clock that moves only when a test moves it."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def counts() -> Metrics:
    """Separate metrics for one test."""
    return Metrics()


@pytest.fixture
def memory_sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def broken_sink() -> BrokenSink:
    return BrokenSink()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@dataclass
class Harness:
    """An installed runtime that writes in the thread that logs."""

    runtime: LoggingRuntime
    sink: MemorySink
    metrics: Metrics


@pytest.fixture
def harness(memory_sink: MemorySink, counts: Metrics) -> Iterator[Harness]:
    """A harness whose `sink` immediately receives everything that is logged."""
    runtime = synchronous_runtime({"memory": memory_sink}, metrics=counts, level="debug")
    runtime.install()
    yield Harness(runtime, memory_sink, counts)
    runtime.shutdown()


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """Create entries: `entry("text")`, `entry("text", level=logging.ERROR)`."""

    def make(event: str = "event", level: int = 20) -> Entry:
        return Entry(level, f'{{"event": "{event}"}}')

    return make
