from __future__ import annotations

import logging

import pytest

import logging_lib
from logging_lib import metrics
from logging_lib.metrics import Metrics
from logging_lib.sinks.memory import MemorySink
from tests.utils.logging import capture, synchronous_runtime


@pytest.mark.architecture
def test_capture_records_structlog_and_standard_library_logging() -> None:
    with capture() as captured:
        logging_lib.get_logger("ours").debug("one", n=1)
        logging.getLogger("theirs").info("two %s", "x")
    assert [(r["logger"], r["event"]) for r in captured.records] == [
        ("ours", "one"),
        ("theirs", "two x"),
    ]


@pytest.mark.architecture
def test_capture_accepts_a_level_and_other_configuration() -> None:
    with capture("warning", levels={"chatty": "error"}) as captured:
        logging_lib.get_logger("quiet").info("too low")
        logging_lib.get_logger("chatty").warning("too low for this one")
        logging_lib.get_logger("quiet").warning("logged")
    assert [r["event"] for r in captured.records] == ["logged"]


def fail() -> None:
    logging_lib.get_logger("x").info("inside")
    raise ZeroDivisionError


@pytest.mark.reliability
def test_capture_restores_the_previous_configuration_even_after_an_error() -> None:
    runtime = logging_lib.configure(
        {"sinks": [{"type": "memory"}], "synchronous": True}, environ={}
    )
    outer = runtime.sinks["memory"]
    assert isinstance(outer, MemorySink)
    try:
        with pytest.raises(ZeroDivisionError), capture():
            fail()
        logging_lib.get_logger("x").info("outside")
        assert [r["event"] for r in outer.records] == ["outside"]
    finally:
        runtime.shutdown()


@pytest.mark.reliability
def test_captures_can_be_nested() -> None:
    with capture() as outer:
        with capture() as inner:
            logging_lib.get_logger("x").info("deep")
        logging_lib.get_logger("x").info("shallow")
    assert [r["event"] for r in inner.records] == ["deep"]
    assert [r["event"] for r in outer.records] == ["shallow"]


@pytest.mark.reliability
def test_capture_leaves_no_handler_level_or_count_behind() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    counts_before = metrics.snapshot().emitted
    with capture():
        logging_lib.get_logger("x").info("seen")
    assert (list(root.handlers), root.level) == before
    assert metrics.snapshot().emitted == counts_before


@pytest.mark.security
def test_captured_records_are_redacted() -> None:
    with capture() as captured:
        logging_lib.get_logger("x").info("login", password="hunter2")
    assert captured.records[0]["password"] == "[redacted]"
    assert "hunter2" not in captured.lines[0]


@pytest.mark.architecture
def test_a_synchronous_runtime_delivers_before_the_log_call_returns() -> None:
    first, second, counts = MemorySink(), MemorySink(), Metrics()
    runtime = synchronous_runtime({"a": first, "b": second}, metrics=counts)
    runtime.install()
    try:
        logging_lib.get_logger("x").warning("now")
        assert first.records == second.records
        assert first.records[0]["event"] == "now"
        assert counts.snapshot().emitted == {"a": 1, "b": 1}
    finally:
        runtime.shutdown()
