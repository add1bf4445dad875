from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence

import pytest

from logging_lib.handler import DispatchHandler
from logging_lib.metrics import Metrics
from logging_lib.sinks.base import Entry
from logging_lib.sinks.memory import MemorySink
from tests.utils.logging import synchronous_runtime


class BlockingDispatcher:
    """A dispatcher that blocks the first caller but not the next."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.blocked = threading.Event()
        self.taken: list[Entry] = []

    def submit(self, entry: Entry) -> None:
        if not self.blocked.is_set():
            self.blocked.set()
            assert self.free.wait(10)
        self.taken.append(entry)

    def flush(self, timeout_s: float) -> bool:
        return True

    def close(self, timeout_s: float) -> bool:
        return True


def record(message: str) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "x", "msg": message, "levelno": 30, "levelname": "WARNING"}
    )


@pytest.mark.architecture
def test_a_record_is_submitted_with_its_level(counts: Metrics) -> None:
    dispatcher = BlockingDispatcher()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(record("a"))
    (entry,) = dispatcher.taken
    assert entry.level == logging.WARNING
    assert '"event": "a"' in entry.line


@pytest.mark.reliability
def test_a_blocked_caller_does_not_block_others(counts: Metrics) -> None:
    dispatcher = BlockingDispatcher()
    handler = DispatchHandler(dispatcher, counts)
    first = threading.Thread(target=handler.handle, args=(record("first"),))
    first.start()
    assert dispatcher.blocked.wait(10)
    handler.handle(record("second"))
    assert ['"second"' in entry.line for entry in dispatcher.taken] == [True]
    dispatcher.free.set()
    first.join()


@pytest.mark.reliability
def test_records_logged_inside_a_sink_are_dropped(counts: Metrics) -> None:
    class LoggingSink(MemorySink):
        def write(self, entries: Sequence[Entry]) -> None:
            logging.getLogger("sink").error("about to write")
            super().write(entries)

    sink = LoggingSink()
    runtime = synchronous_runtime({"chatty": sink}, metrics=counts)
    runtime.install()
    logging.getLogger("app").warning("hello")
    runtime.shutdown()
    assert [r["event"] for r in sink.records] == ["hello"]
    assert counts.snapshot().dropped == {("dispatcher", "from-a-sink"): 1}


@pytest.fixture
def invalid_record() -> logging.LogRecord:
    """A record whose arguments do not match its message."""
    return logging.LogRecord(
        "third", logging.WARNING, "/srv/job.py", 7, "%d", ("hunter2",), exc_info=None
    )


@pytest.mark.reliability
def test_an_invalid_record_is_replaced_by_one_with_its_location(
    counts: Metrics, invalid_record: logging.LogRecord
) -> None:
    dispatcher = BlockingDispatcher()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(invalid_record)
    record = json.loads(dispatcher.taken[0].line)
    assert (record["logger"], record["level"]) == ("third", "warning")
    assert (record["event"], record["error"]) == ("log_record_unusable", "TypeError")
    assert record["at"] == "job.py:7"


@pytest.mark.security
def test_the_content_of_an_invalid_record_is_not_shown(
    counts: Metrics, invalid_record: logging.LogRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    dispatcher = BlockingDispatcher()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(invalid_record)
    assert "hunter2" not in dispatcher.taken[0].line
    assert "hunter2" not in capsys.readouterr().err  # where the logging module would print it
