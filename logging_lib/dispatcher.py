"""From the threads that log to the one that writes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from logging_lib import forking
from logging_lib.metrics import Metrics
from logging_lib.sinks.base import Entry

Overflow = Literal["block", "drop-oldest", "drop-new"]
Deliver = Callable[[Sequence[Entry]], None]

BATCH = 64
"""The most entries that the thread takes from the queue at once."""

FORK_PATIENCE_S = 1.0
"""How long a fork waits for a write to end, so that the child does not inherit half of it."""


class Dispatcher(Protocol):
    """Takes entries from any thread and brings them to the sinks."""

    def submit(self, entry: Entry) -> None:
        """Take an entry. Never raises."""

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was submitted so far is delivered; False when time ran out first."""

    def close(self, timeout_s: float) -> bool:
        """Take no more, deliver the rest; False when the time ran out and the rest is lost."""


class SynchronousDispatcher:
    """Delivers in the thread that logs, one entry at a time."""

    def __init__(self, deliver: Deliver, *, name: str, metrics: Metrics) -> None:
        """Deliver through `deliver`, which must not raise; `name` labels the drops."""
        self._deliver = deliver
        self._name = name
        self._metrics = metrics
        self._lock = threading.RLock()
        self._closed = False
        forking.watch(self)

    def submit(self, entry: Entry) -> None:
        """Deliver at once; count a drop after `close`."""
        with self._lock:
            if self._closed:
                self._metrics.dropped(self._name, "closed")
            else:
                self._deliver([entry])

    def flush(self, timeout_s: float) -> bool:  # noqa: ARG002 - nothing is ever left to wait for
        """Return True: nothing waits."""
        return True

    def close(self, timeout_s: float) -> bool:  # noqa: ARG002 - as above
        """Take no more."""
        self._closed = True
        return True

    def before_fork(self) -> None:
        """Nothing to prepare: the thread that forks is not inside a sink."""

    def after_fork_in_parent(self) -> None:
        """Nothing was prepared."""

    def after_fork_in_child(self) -> None:
        """Renew the lock, which a lost thread may hold."""
        self._lock = threading.RLock()


class QueueDispatcher:
    """A bounded queue and one background thread.

    The thread starts with the first entry, and again after a fork: the child has an empty queue,
    because the parent delivers what was waiting. It is a daemon, so that it never holds up the end
    of the process; who owns the dispatcher calls `close`.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        name: str,
        metrics: Metrics,
        capacity: int,
        overflow: Overflow,
        block_timeout_s: float = 1.0,
    ) -> None:
        """Deliver through `deliver`; `name` is the queue's label and its thread's name.

        When `capacity` entries wait: `drop-oldest` and `drop-new` give one up, `block` waits for
        room for up to `block_timeout_s` seconds, then gives the new one up.
        """
        self._deliver = deliver
        self._name = name
        self._metrics = metrics
        self._capacity = capacity
        self._overflow = overflow
        self._block_timeout_s = block_timeout_s
        self._closed = False
        self._start_afresh()
        self._forking_thread: int | None = None
        metrics.watch_depth(name, self.depth)
        forking.watch(self)

    def _start_afresh(self) -> None:
        # A Condition's lock is re-entrant: a signal handler may log inside `submit`.
        self._changed = threading.Condition()
        self._delivering = threading.RLock()
        self._queue: deque[tuple[int, Entry]] = deque()
        self._last_number = 0
        self._first_in_flight: int | None = None
        self._thread: threading.Thread | None = None

    def depth(self) -> int:
        """Return how many entries wait."""
        return len(self._queue)

    def submit(self, entry: Entry) -> None:
        """Queue an entry, or give one up as the overflow policy says."""
        with self._changed:
            if not self._closed and len(self._queue) >= self._capacity:
                self._make_room()
            if self._closed:
                self._metrics.dropped(self._name, "closed")
                return
            if len(self._queue) >= self._capacity:
                reason = "block-timeout" if self._overflow == "block" else "overflow"
                self._metrics.dropped(self._name, reason)
                return
            self._last_number += 1
            self._queue.append((self._last_number, entry))
            self._ensure_thread()
            self._changed.notify_all()

    def _make_room(self) -> None:
        if self._overflow == "drop-oldest":
            self._queue.popleft()
            self._metrics.dropped(self._name, "overflow")
        elif self._overflow == "block":
            self._changed.wait_for(
                lambda: self._closed or len(self._queue) < self._capacity, self._block_timeout_s
            )

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._run, name=f"logging-{self._name}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._deliver([entry for _, entry in self._queue])
                self._queue.clear()
            else:
                self._thread = thread

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was submitted so far is delivered or given up."""
        with self._changed:
            target = self._last_number
            if self._queue:
                self._ensure_thread()
            return self._changed.wait_for(lambda: self._handled(target), timeout_s)

    def _handled(self, number: int) -> bool:
        waiting = bool(self._queue) and self._queue[0][0] <= number
        in_flight = self._first_in_flight is not None and self._first_in_flight <= number
        return not waiting and not in_flight

    def close(self, timeout_s: float) -> bool:
        """Take no more, deliver the rest, end the thread; count what the deadline left behind."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            if self._queue:
                self._ensure_thread()
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._changed:
            left = len(self._queue)
            self._queue.clear()
        if left:
            self._metrics.dropped(self._name, "shutdown", left)
        self._metrics.unwatch_depth(self._name, self.depth)
        return left == 0 and (thread is None or not thread.is_alive())

    def _run(self) -> None:
        while True:
            batch = self._take()
            if not batch:
                return
            try:
                with self._delivering:
                    self._deliver(batch)
            finally:
                with self._changed:
                    self._first_in_flight = None
                    self._changed.notify_all()

    def _take(self) -> list[Entry]:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            numbered = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            if numbered:
                self._first_in_flight = numbered[0][0]
                self._changed.notify_all()
            return [entry for _, entry in numbered]

    def before_fork(self) -> None:
        """Wait for the write in progress, for a moment: a sink that hangs must not stop a fork."""
        if self._delivering.acquire(timeout=FORK_PATIENCE_S):
            self._forking_thread = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Let the thread go on."""
        if self._forking_thread == threading.get_ident():
            self._forking_thread = None
            self._delivering.release()

    def after_fork_in_child(self) -> None:
        """Start with an empty queue; the thread comes with the first entry."""
        self._start_afresh()
