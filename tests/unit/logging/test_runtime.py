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


class Hanging(MemorySink):
    """A sink that hangs in its first write until it is let go."""

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
def test_the_facade_exports_what_the_services_use() -> None:
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
def test_levels_are_set_and_put_back() -> None:
    root, chatty = logging.getLogger(), logging.getLogger("chatty")
    before = (root.level, chatty.level)
    runtime = configure({**MEMORY, "level": "debug", "levels": {"chatty": "ERROR"}}, environ={})
    assert (root.level, chatty.level) == (logging.DEBUG, logging.ERROR)
    runtime.shutdown()
    assert (root.level, chatty.level) == before


@pytest.mark.architecture
def test_a_handler_of_basic_config_is_set_aside_and_others_stay() -> None:
    root = logging.getLogger()
    plain, own = logging.StreamHandler(), logging.NullHandler()
    root.addHandler(plain)
    root.addHandler(own)
    try:
        runtime = configure(MEMORY, environ={})
        assert plain not in root.handlers
        assert own in root.handlers
        runtime.shutdown()
        assert plain in root.handlers
    finally:
        root.removeHandler(plain)
        root.removeHandler(own)


@pytest.mark.architecture
def test_the_process_s_environment_counts_by_default() -> None:
    with environment(LOG_LEVEL="error"):
        runtime = configure(MEMORY)
    log.warning("too low")
    log.error("kept")
    runtime.flush(60)
    assert [r["event"] for r in memory_of(runtime).records] == ["kept"]


@pytest.mark.architecture
def test_the_metrics_are_shown_on_the_registry_that_is_handed_in() -> None:
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
def test_a_wrong_configuration_leaves_the_earlier_one_in_force(tmp_path: Path) -> None:
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
def test_a_sink_that_can_not_be_opened_is_named_and_closes_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.log", tmp_path / "missing" / "bad.log"
    sinks = [
        {"type": "file", "name": "good", "path": str(good)},
        {"type": "file", "name": "bad", "path": str(bad)},
    ]
    with pytest.raises(logging_lib.ConfigError, match=r"sink 'bad': .*No such file"):
        configure({"sinks": sinks}, environ={})


@pytest.mark.reliability
def test_a_failing_sink_loses_none_of_the_others_records(
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
def test_an_isolated_sink_that_hangs_delays_nobody(
    memory_sink: MemorySink, counts: Metrics
) -> None:
    hanging = Hanging()
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
def test_shutdown_does_not_wait_for_ever_for_a_sink_that_hangs(
    counts: Metrics, *, isolated: bool
) -> None:
    hanging = Hanging()
    settings = load({"sinks": [{"type": "memory", "isolated": isolated}]}, {})
    runtime = LoggingRuntime(settings, {"memory": hanging}, metrics=counts)
    runtime.install()
    log.warning("a")
    assert hanging.entered.wait(60)
    assert not runtime.shutdown(0.01)
    assert not hanging.is_closed  # its thread is still inside
    hanging.let_go.set()


@pytest.mark.reliability
def test_shutting_down_twice_or_without_a_configuration_is_no_error() -> None:
    assert logging_lib.shutdown()
    assert logging_lib.flush()
    runtime = configure(MEMORY, environ={})
    assert runtime.shutdown()
    assert runtime.shutdown()


@pytest.mark.reliability
def test_records_after_a_shutdown_go_where_the_standard_library_sends_them() -> None:
    runtime = configure(MEMORY, environ={})
    runtime.shutdown()
    log.error("late")
    assert memory_of(runtime).lines == []


@pytest.mark.reliability
def test_a_caller_that_still_holds_the_handler_is_counted_not_crashed() -> None:
    runtime = configure(MEMORY, environ={})
    handler = runtime._handler
    runtime.shutdown()
    handler.handle(logging.makeLogRecord({"msg": "late"}))
    assert metrics.snapshot().dropped == {("dispatcher", "closed"): 1}


@pytest.mark.security
def test_redaction_that_was_configured_ends_with_the_configuration() -> None:
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
def test_a_shut_down_predecessor_does_not_weaken_its_successor() -> None:
    first = configure(MEMORY, environ={})
    second = configure({**MEMORY, "redact": {"keys": ["plate"]}, "synchronous": True}, environ={})
    first.shutdown()
    log.info("a", plate="B-XY 1")
    assert memory_of(second).records[0]["plate"] == "[redacted]"


@pytest.mark.security
def test_a_file_holds_whole_redacted_lines_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.log"
    runtime = configure({"sinks": [{"type": "file", "path": str(path)}]}, environ={})
    log.info("x\ny", password="hunter2")
    assert runtime.shutdown()
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["password"] == "[redacted]"
    assert path.stat().st_mode & 0o777 == 0o600
