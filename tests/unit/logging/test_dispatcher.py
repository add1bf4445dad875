from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logging_lib.dispatcher import (
    BATCH,
    Deliver,
    Overflow,
    QueueDispatcher,
    SynchronousDispatcher,
)
from logging_lib.metrics import Metrics
from logging_lib.sinks.base import Entry

PATIENCE_S = 60.0  # how long a test waits for an expected event before it fails

ENDS_ITS_THREAD = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


class Gate:
    """A delivery that blocks until the test opens it, like a sink on a slow disk."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.lines: list[str] = []

    def __call__(self, entries: Sequence[Entry]) -> None:
        self.entered.release()
        assert self.open.wait(PATIENCE_S)
        self.lines += [entry.line for entry in entries]


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


Make = Callable[..., QueueDispatcher]


@pytest.fixture
def make(counts: Metrics) -> Iterator[Make]:
    dispatchers: list[QueueDispatcher] = []

    def make(
        deliver: Deliver,
        *,
        capacity: int = 100,
        overflow: Overflow = "drop-oldest",
        block_timeout_s: float = PATIENCE_S,
    ) -> QueueDispatcher:
        dispatcher = QueueDispatcher(
            deliver,
            name="q",
            metrics=counts,
            capacity=capacity,
            overflow=overflow,
            block_timeout_s=block_timeout_s,
        )
        dispatchers.append(dispatcher)
        return dispatcher

    yield make
    for dispatcher in dispatchers:
        dispatcher.close(0)


def line(number: int) -> Entry:
    return Entry(20, str(number))


def fill(dispatcher: QueueDispatcher, gate: Gate, capacity: int) -> None:
    """Fill the queue while one entry is being delivered."""
    dispatcher.submit(line(0))
    assert gate.entered.acquire(timeout=PATIENCE_S)
    for number in range(1, capacity + 1):
        dispatcher.submit(line(number))
    assert dispatcher.depth() == capacity


@pytest.mark.architecture
def test_entries_arrive_in_order_and_in_batches(make: Make, gate: Gate) -> None:
    sizes: list[int] = []

    def deliver(entries: Sequence[Entry]) -> None:
        sizes.append(len(entries))
        gate(entries)

    dispatcher = make(deliver, capacity=1000)
    fill(dispatcher, gate, BATCH + 5)
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == [str(n) for n in range(BATCH + 6)]
    assert sizes == [1, BATCH, 5]


@pytest.mark.architecture
def test_delivery_happens_in_one_background_thread(make: Make) -> None:
    threads: set[threading.Thread] = set()
    dispatcher = make(lambda _: threads.add(threading.current_thread()))
    for number in range(20):
        dispatcher.submit(line(number))
    assert dispatcher.flush(PATIENCE_S)
    (thread,) = threads
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert thread.name == "logging-q"


@pytest.mark.architecture
def test_no_thread_is_started_before_the_first_entry(make: Make) -> None:
    before = threading.active_count()
    dispatcher = make(lambda _: None)
    assert dispatcher.flush(0)
    assert threading.active_count() == before


@pytest.mark.architecture
def test_the_depth_of_the_queue_is_a_metric(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate)
    fill(dispatcher, gate, 3)
    assert counts.snapshot().queue_depth == {"q": 3}
    gate.open.set()
    assert dispatcher.close(PATIENCE_S)
    assert counts.snapshot().queue_depth == {}


@pytest.mark.reliability
def test_drop_oldest_keeps_the_newest(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate, capacity=2, overflow="drop-oldest")
    fill(dispatcher, gate, 2)
    dispatcher.submit(line(3))
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0", "2", "3"]
    assert counts.snapshot().dropped == {("q", "overflow"): 1}


@pytest.mark.reliability
def test_drop_new_keeps_the_oldest(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate, capacity=2, overflow="drop-new")
    fill(dispatcher, gate, 2)
    dispatcher.submit(line(3))
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0", "1", "2"]
    assert counts.snapshot().dropped == {("q", "overflow"): 1}


@pytest.mark.reliability
def test_block_waits_for_space_and_loses_nothing(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate, capacity=2, overflow="block")
    fill(dispatcher, gate, 2)
    caller = threading.Thread(target=dispatcher.submit, args=(line(3),))
    caller.start()
    gate.open.set()
    caller.join(PATIENCE_S)
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0", "1", "2", "3"]
    assert counts.snapshot().dropped == {}


@pytest.mark.reliability
def test_block_drops_the_entry_after_its_timeout(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate, capacity=1, overflow="block", block_timeout_s=0.01)
    fill(dispatcher, gate, 1)
    dispatcher.submit(line(2))
    assert counts.snapshot().dropped == {("q", "block-timeout"): 1}
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0", "1"]


@pytest.mark.reliability
def test_closing_wakes_a_blocked_caller(make: Make, gate: Gate, counts: Metrics) -> None:
    dispatcher = make(gate, capacity=1, overflow="block")
    fill(dispatcher, gate, 1)
    caller = threading.Thread(target=dispatcher.submit, args=(line(2),))
    caller.start()
    closer = threading.Thread(target=dispatcher.close, args=(PATIENCE_S,))
    while not dispatcher._changed._waiters:  # type: ignore[attr-defined]
        pass  # until the caller waits for space
    closer.start()
    caller.join(PATIENCE_S)
    assert not caller.is_alive()
    gate.open.set()
    closer.join(PATIENCE_S)
    assert counts.snapshot().dropped == {("q", "closed"): 1}


@pytest.mark.reliability
def test_flush_waits_for_the_entry_being_delivered(make: Make, gate: Gate) -> None:
    dispatcher = make(gate)
    fill(dispatcher, gate, 0)
    assert dispatcher.depth() == 0
    assert not dispatcher.flush(0.01)
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0"]


@pytest.mark.reliability
def test_flush_does_not_wait_for_later_entries(make: Make) -> None:
    """A continuous stream of entries must not delay a flush."""
    first = threading.Event()
    second = threading.Event()

    def deliver(entries: Sequence[Entry]) -> None:
        assert (first if entries[0].line == "0" else second).wait(PATIENCE_S)

    dispatcher = make(deliver)
    dispatcher.submit(line(0))
    flushed: list[bool] = []
    flusher = threading.Thread(target=lambda: flushed.append(dispatcher.flush(PATIENCE_S)))
    flusher.start()
    while not dispatcher._changed._waiters:  # type: ignore[attr-defined]
        pass  # until the flush waits
    dispatcher.submit(line(1))
    first.set()
    flusher.join(PATIENCE_S)
    assert flushed == [True]
    second.set()


@pytest.mark.reliability
def test_close_delivers_queued_entries_and_rejects_later_ones(make: Make, counts: Metrics) -> None:
    lines: list[str] = []
    dispatcher = make(lambda entries: lines.extend(entry.line for entry in entries), capacity=200)
    for number in range(200):
        dispatcher.submit(line(number))
    assert dispatcher.close(PATIENCE_S)
    dispatcher.submit(line(200))
    assert lines == [str(n) for n in range(200)]
    assert counts.snapshot().dropped == {("q", "closed"): 1}


@pytest.mark.reliability
def test_close_counts_undelivered_entries_as_dropped(
    make: Make, gate: Gate, counts: Metrics
) -> None:
    dispatcher = make(gate)
    fill(dispatcher, gate, 5)
    assert not dispatcher.close(0.01)
    assert counts.snapshot().dropped == {("q", "shutdown"): 5}


@pytest.mark.reliability
def test_an_unused_dispatcher_closes_immediately(make: Make) -> None:
    assert make(lambda _: None).close(0)


@pytest.mark.reliability
@ENDS_ITS_THREAD
def test_a_dead_thread_is_replaced(make: Make) -> None:
    lines: list[str] = []

    def deliver(entries: Sequence[Entry]) -> None:
        lines.extend(entry.line for entry in entries)
        if lines == ["0"]:
            raise SystemExit

    dispatcher = make(deliver)
    dispatcher.submit(line(0))
    thread = dispatcher._thread
    assert thread is not None
    thread.join(PATIENCE_S)
    dispatcher.submit(line(1))
    assert dispatcher.flush(PATIENCE_S)
    assert lines == ["0", "1"]


@pytest.mark.reliability
@ENDS_ITS_THREAD
@pytest.mark.parametrize("last", ["flush", "close"])
def test_flush_and_close_deliver_the_entries_of_a_dead_thread(make: Make, last: str) -> None:
    entered, go = threading.Event(), threading.Event()
    lines: list[str] = []

    def deliver(entries: Sequence[Entry]) -> None:
        lines.extend(entry.line for entry in entries)
        if lines == ["0"]:
            entered.set()
            assert go.wait(PATIENCE_S)
            raise SystemExit

    dispatcher = make(deliver)
    dispatcher.submit(line(0))
    assert entered.wait(PATIENCE_S)
    dispatcher.submit(line(1))
    thread = dispatcher._thread
    assert thread is not None
    go.set()
    thread.join(PATIENCE_S)
    assert dispatcher.flush(PATIENCE_S) if last == "flush" else dispatcher.close(PATIENCE_S)
    assert lines == ["0", "1"]


@pytest.mark.reliability
def test_if_no_thread_can_start_the_caller_delivers(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_to_start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lines: list[str] = []
    dispatcher = make(lambda entries: lines.extend(entry.line for entry in entries))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail_to_start)
        dispatcher.submit(line(0))
    assert lines == ["0"]
    dispatcher.submit(line(1))
    assert dispatcher.flush(PATIENCE_S)
    assert lines == ["0", "1"]


@pytest.mark.reliability
def test_no_entry_of_many_threads_is_lost(make: Make) -> None:
    lines: list[str] = []
    dispatcher = make(
        lambda entries: lines.extend(entry.line for entry in entries),
        capacity=7,
        overflow="block",
    )

    def flood(number: int) -> None:
        for _ in range(100):
            dispatcher.submit(line(number))

    threads = [threading.Thread(target=flood, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dispatcher.flush(PATIENCE_S)
    assert sorted(lines) == sorted(str(n) for n in range(4) for _ in range(100))


@pytest.mark.security
@given(
    capacity=st.integers(1, 5),
    total=st.integers(0, 20),
    overflow=st.sampled_from(["drop-oldest", "drop-new", "block"]),
)
def test_the_queue_is_bounded_and_every_entry_is_counted(
    capacity: int, total: int, overflow: Overflow
) -> None:
    counts, gate = Metrics(), Gate()
    dispatcher = QueueDispatcher(
        gate,
        name="q",
        metrics=counts,
        capacity=capacity,
        overflow=overflow,
        block_timeout_s=0.0001,
    )
    fill(dispatcher, gate, capacity)
    for number in range(total):
        dispatcher.submit(line(number))
        assert dispatcher.depth() == capacity
    gate.open.set()
    assert dispatcher.close(PATIENCE_S)
    assert len(gate.lines) == 1 + capacity
    assert sum(counts.snapshot().dropped.values()) == total


@pytest.mark.reliability
def test_a_fork_waits_for_the_current_write(make: Make, gate: Gate) -> None:
    dispatcher = make(gate)
    fill(dispatcher, gate, 0)
    forked = threading.Event()

    def fork() -> None:
        dispatcher.before_fork()
        forked.set()
        dispatcher.after_fork_in_parent()

    forking = threading.Thread(target=fork)
    forking.start()
    assert not forked.wait(0.01)
    gate.open.set()
    assert forked.wait(PATIENCE_S)
    forking.join()
    dispatcher.submit(line(1))  # the parent continues to work
    assert dispatcher.flush(PATIENCE_S)
    assert gate.lines == ["0", "1"]


@pytest.mark.reliability
def test_a_fork_waits_only_for_a_limited_time(
    make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logging_lib.dispatcher.FORK_PATIENCE_S", 0.01)
    dispatcher = make(gate)
    fill(dispatcher, gate, 0)
    dispatcher.before_fork()
    dispatcher.after_fork_in_parent()
    gate.open.set()
    assert dispatcher.flush(PATIENCE_S)


@pytest.mark.security
def test_a_child_does_not_inherit_queued_records(make: Make, gate: Gate) -> None:
    dispatcher = make(gate, capacity=5)
    fill(dispatcher, gate, 3)
    parents = dispatcher._thread
    dispatcher.after_fork_in_child()
    assert dispatcher.depth() == 0
    gate.open.set()
    dispatcher.submit(line(9))
    assert dispatcher.flush(PATIENCE_S)
    assert dispatcher._thread is not parents
    assert gate.lines.count("9") == 1


@pytest.mark.architecture
def test_the_synchronous_dispatcher_delivers_in_the_callers_thread(
    counts: Metrics,
) -> None:
    deliveries: list[tuple[threading.Thread, str]] = []
    dispatcher = SynchronousDispatcher(
        lambda entries: deliveries.extend(
            (threading.current_thread(), entry.line) for entry in entries
        ),
        name="q",
        metrics=counts,
    )
    dispatcher.submit(line(0))
    assert deliveries == [(threading.current_thread(), "0")]
    assert dispatcher.flush(0)


@pytest.mark.reliability
def test_a_closed_synchronous_dispatcher_counts_dropped_entries(counts: Metrics) -> None:
    lines: list[str] = []
    dispatcher = SynchronousDispatcher(
        lambda entries: lines.extend(entry.line for entry in entries), name="q", metrics=counts
    )
    assert dispatcher.close(0)
    dispatcher.submit(line(0))
    assert lines == []
    assert counts.snapshot().dropped == {("q", "closed"): 1}


@pytest.mark.reliability
def test_a_synchronous_dispatcher_works_in_a_child_forked_during_a_write(
    counts: Metrics,
) -> None:
    lines: list[str] = []
    dispatcher = SynchronousDispatcher(
        lambda entries: lines.extend(entry.line for entry in entries), name="q", metrics=counts
    )
    holder = threading.Thread(
        target=dispatcher._lock.acquire
    )  # a thread that does not exist in the child
    holder.start()
    holder.join()
    dispatcher.before_fork()
    dispatcher.after_fork_in_child()
    dispatcher.submit(line(0))
    assert lines == ["0"]
