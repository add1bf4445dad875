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


class Waiting:
    """A dispatcher whose queue is full for one caller and free for the next."""

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
    dispatcher = Waiting()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(record("a"))
    (entry,) = dispatcher.taken
    assert entry.level == logging.WARNING
    assert '"event": "a"' in entry.line


@pytest.mark.reliability
def test_a_caller_that_waits_for_room_holds_up_no_other(counts: Metrics) -> None:
    dispatcher = Waiting()
    handler = DispatchHandler(dispatcher, counts)
    first = threading.Thread(target=handler.handle, args=(record("first"),))
    first.start()
    assert dispatcher.blocked.wait(10)
    handler.handle(record("second"))
    assert ['"second"' in entry.line for entry in dispatcher.taken] == [True]
    dispatcher.free.set()
    first.join()


@pytest.mark.reliability
def test_what_a_sink_logs_does_not_come_back_to_it(counts: Metrics) -> None:
    class Chatty(MemorySink):
        def write(self, entries: Sequence[Entry]) -> None:
            logging.getLogger("sink").error("about to write")
            super().write(entries)

    sink = Chatty()
    runtime = synchronous_runtime({"chatty": sink}, metrics=counts)
    runtime.install()
    logging.getLogger("app").warning("hello")
    runtime.shutdown()
    assert [r["event"] for r in sink.records] == ["hello"]
    assert counts.snapshot().dropped == {("dispatcher", "from-a-sink"): 1}


@pytest.fixture
def misfit() -> logging.LogRecord:
    """A record whose arguments do not fit its message."""
    return logging.LogRecord(
        "third", logging.WARNING, "/srv/job.py", 7, "%d", ("hunter2",), exc_info=None
    )


@pytest.mark.reliability
def test_a_record_that_can_not_be_rendered_is_replaced_by_one_that_says_where_it_is(
    counts: Metrics, misfit: logging.LogRecord
) -> None:
    dispatcher = Waiting()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(misfit)
    record = json.loads(dispatcher.taken[0].line)
    assert (record["logger"], record["level"]) == ("third", "warning")
    assert (record["event"], record["error"]) == ("log_record_unusable", "TypeError")
    assert record["at"] == "job.py:7"


@pytest.mark.security
def test_a_record_that_can_not_be_rendered_shows_none_of_its_content(
    counts: Metrics, misfit: logging.LogRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    dispatcher = Waiting()
    dispatcher.blocked.set()
    DispatchHandler(dispatcher, counts).handle(misfit)
    assert "hunter2" not in dispatcher.taken[0].line
    assert "hunter2" not in capsys.readouterr().err  # where logging itself would show it
