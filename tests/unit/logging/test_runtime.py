from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import logging_lib
from logging_lib import metrics
from logging_lib.config import load
from logging_lib.metrics import Metrics
from logging_lib.runtime import LoggingRuntime, configure
from logging_lib.sinks.base import Entry
from logging_lib.sinks.memory import MemorySink
from tests.unit.logging.conftest import BrokenSink
from tests.utils.env import environment

log = logging_lib.get_logger("test")

MEMORY = {"sinks": [{"type": "memory"}]}


def memory_of(runtime: LoggingRuntime, name: str = "memory") -> MemorySink:
    sink = runtime.sinks[name]
    assert isinstance(sink, MemorySink)
    return sink


class HangingSink(MemorySink):
    """A sink whose first write hangs until the test releases it."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.is_closed = False

    def write(self, entries: Sequence[Entry]) -> None:
        self.entered.set()
        assert self.let_go.wait(60)
        super().write(entries)

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.architecture
def test_the_package_exports_what_the_services_use() -> None:
    assert logging_lib.__all__ == [
        "ConfigError",
        "LoggingRuntime",
        "bind",
        "clear",
        "configure",
        "context",
        "flush",
        "get_logger",
        "shutdown",
    ]
    assert all(hasattr(logging_lib, name) for name in logging_lib.__all__)


@pytest.mark.architecture
def test_records_reach_every_sink_through_the_background_thread() -> None:
    runtime = configure(
        {"sinks": [{"type": "memory", "name": "a"}, {"type": "memory", "name": "b"}]}, environ={}
    )
    log.info("hello")
    assert logging_lib.flush(60)
    assert memory_of(runtime, "a").lines == memory_of(runtime, "b").lines
    assert memory_of(runtime, "a").records[0]["event"] == "hello"
    assert metrics.snapshot().emitted == {"a": 1, "b": 1}


@pytest.mark.architecture
def test_levels_are_set_and_restored() -> None:
    root, chatty = logging.getLogger(), logging.getLogger("chatty")
    before = (root.level, chatty.level)
    runtime = configure({**MEMORY, "level": "debug", "levels": {"chatty": "ERROR"}}, environ={})
    assert (root.level, chatty.level) == (logging.DEBUG, logging.ERROR)
    runtime.shutdown()
    assert (root.level, chatty.level) == before


@pytest.mark.architecture
def test_handlers_of_basic_config_are_removed_temporarily_and_others_stay() -> None:
    root = logging.getLogger()
    plain, other = logging.StreamHandler(), logging.NullHandler()
    root.addHandler(plain)
    root.addHandler(other)
    try:
        runtime = configure(MEMORY, environ={})
        assert plain not in root.handlers
        assert other in root.handlers
        runtime.shutdown()
        assert plain in root.handlers
    finally:
        root.removeHandler(plain)
        root.removeHandler(other)


@pytest.mark.architecture
def test_the_process_environment_is_used_by_default() -> None:
    with environment(LOG_LEVEL="error"):
        runtime = configure(MEMORY)
    log.warning("too low")
    log.error("logged")
    runtime.flush(60)
    assert [r["event"] for r in memory_of(runtime).records] == ["logged"]


@pytest.mark.architecture
def test_the_metrics_are_on_the_given_registry() -> None:
    registry = CollectorRegistry()
    runtime = configure(MEMORY, environ={}, registry=registry)
    log.info("a")
    runtime.flush(60)
    assert registry.get_sample_value("logging_records_emitted_total", {"sink": "memory"}) == 1
    assert registry.get_sample_value("logging_queue_depth", {"queue": "dispatcher"}) == 0


@pytest.mark.architecture
def test_a_sink_gets_only_its_level() -> None:
    runtime = configure(
        {"sinks": [{"type": "memory", "level": "error"}], "synchronous": True}, environ={}
    )
    log.info("low")
    log.error("high")
    assert [r["event"] for r in memory_of(runtime).records] == ["high"]


@pytest.mark.reliability
def test_configuring_again_replaces_the_first_and_loses_nothing() -> None:
    first = configure(MEMORY, environ={})
    for number in range(100):
        log.info("before", n=number)
    second = configure(MEMORY, environ={})
    log.info("after")
    second.flush(60)
    assert [r["n"] for r in memory_of(first).records] == list(range(100))
    assert [r["event"] for r in memory_of(second).records] == ["after"]
    handlers = [h for h in logging.getLogger().handlers if "Dispatch" in type(h).__name__]
    assert len(handlers) == 1


@pytest.mark.reliability
def test_an_invalid_configuration_leaves_the_previous_one_active(tmp_path: Path) -> None:
    runtime = configure(MEMORY, environ={})
    bad: list[dict[str, object]] = [
        {"level": "loud"},
        {"sinks": [{"type": "memory"}, {"type": "file", "path": str(tmp_path / "no" / "x")}]},
    ]
    for config in bad:
        with pytest.raises(logging_lib.ConfigError):
            configure(config, environ={})
    log.info("still here")
    runtime.flush(60)
    assert memory_of(runtime).records[0]["event"] == "still here"


@pytest.mark.reliability
def test_if_a_sink_cannot_be_opened_the_others_are_closed(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.log", tmp_path / "missing" / "bad.log"
    sinks = [
        {"type": "file", "name": "good", "path": str(good)},
        {"type": "file", "name": "bad", "path": str(bad)},
    ]
    with pytest.raises(logging_lib.ConfigError, match=r"sink 'bad': .*No such file"):
        configure({"sinks": sinks}, environ={})


@pytest.mark.reliability
def test_a_failing_sink_does_not_affect_other_sinks(
    broken_sink: BrokenSink, memory_sink: MemorySink, counts: Metrics
) -> None:
    settings = load({"sinks": [{"type": "memory", "name": n} for n in ("bad", "good")]}, {})
    runtime = LoggingRuntime(settings, {"bad": broken_sink, "good": memory_sink}, metrics=counts)
    runtime.install()
    for number in range(50):
        log.warning("n", n=number)
    assert runtime.shutdown(60)
    assert [r["n"] for r in memory_sink.records] == list(range(50))
    assert counts.snapshot().failed == {"bad": 1}
    assert counts.snapshot().dropped == {("bad", "circuit-open"): 49}
    assert broken_sink.closed == 1


@pytest.mark.reliability
def test_a_hanging_isolated_sink_does_not_delay_other_sinks(
    memory_sink: MemorySink, counts: Metrics
) -> None:
    hanging = HangingSink()
    settings = load(
        {
            "sinks": [
                {"type": "memory", "name": "slow", "isolated": True},
                {"type": "memory", "name": "fast"},
            ],
            "queue": {"capacity": 5},
        },
        {},
    )
    runtime = LoggingRuntime(settings, {"slow": hanging, "fast": memory_sink}, metrics=counts)
    runtime.install()
    for number in range(20):
        log.warning("n", n=number)
        assert runtime._dispatcher.flush(60)
        assert hanging.entered.wait(60)
    assert len(memory_sink.records) == 20
    assert not runtime.flush(0.01)
    assert counts.snapshot().dropped[("slow", "overflow")] > 0
    hanging.let_go.set()
    assert runtime.shutdown(60)
    assert hanging.is_closed


@pytest.mark.reliability
@pytest.mark.parametrize("isolated", [True, False])
def test_shutdown_waits_only_for_a_limited_time_for_a_hanging_sink(
    counts: Metrics, *, isolated: bool
) -> None:
    hanging = HangingSink()
    settings = load({"sinks": [{"type": "memory", "isolated": isolated}]}, {})
    runtime = LoggingRuntime(settings, {"memory": hanging}, metrics=counts)
    runtime.install()
    log.warning("a")
    assert hanging.entered.wait(60)
    assert not runtime.shutdown(0.01)
    assert not hanging.is_closed  # its thread is still inside the sink
    hanging.let_go.set()


@pytest.mark.reliability
def test_shutting_down_twice_or_without_a_configuration_is_not_an_error() -> None:
    assert logging_lib.shutdown()
    assert logging_lib.flush()
    runtime = configure(MEMORY, environ={})
    assert runtime.shutdown()
    assert runtime.shutdown()


@pytest.mark.reliability
def test_records_after_a_shutdown_go_to_the_standard_librarys_handlers() -> None:
    runtime = configure(MEMORY, environ={})
    runtime.shutdown()
    log.error("late")
    assert memory_of(runtime).lines == []


@pytest.mark.reliability
def test_a_record_passed_to_a_closed_handler_is_counted_as_dropped() -> None:
    runtime = configure(MEMORY, environ={})
    handler = runtime._handler
    runtime.shutdown()
    handler.handle(logging.makeLogRecord({"msg": "late"}))
    assert metrics.snapshot().dropped == {("dispatcher", "closed"): 1}


@pytest.mark.security
def test_configured_redaction_ends_with_the_configuration() -> None:
    runtime = configure(
        {**MEMORY, "redact": {"keys": ["plate"], "allow": ["csrf_token"]}, "synchronous": True},
        environ={},
    )
    log.info("a", plate="B-XY 1", csrf_token="visible", password="hunter2")
    second = configure({**MEMORY, "synchronous": True}, environ={})
    log.info("b", plate="B-XY 1", csrf_token="hunter2")
    (first,) = memory_of(runtime).records
    assert first["plate"] == first["password"] == "[redacted]"
    assert first["csrf_token"] == "visible"
    assert memory_of(second).records[0]["plate"] == "B-XY 1"
    assert "hunter2" not in memory_of(second).lines[0]


@pytest.mark.security
def test_shutting_down_a_replaced_runtime_does_not_change_redaction() -> None:
    first = configure(MEMORY, environ={})
    second = configure({**MEMORY, "redact": {"keys": ["plate"]}, "synchronous": True}, environ={})
    first.shutdown()
    log.info("a", plate="B-XY 1")
    assert memory_of(second).records[0]["plate"] == "[redacted]"


@pytest.mark.security
def test_a_log_file_contains_redacted_lines_and_is_accessible_to_its_owner_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hub.log"
    runtime = configure({"sinks": [{"type": "file", "path": str(path)}]}, environ={})
    log.info("x\ny", password="hunter2")
    assert runtime.shutdown()
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["password"] == "[redacted]"
    assert path.stat().st_mode & 0o777 == 0o600
