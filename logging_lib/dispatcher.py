"""Dispatchers pass entries from the threads that log to the sinks."""

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
"""Maximum number of entries that the thread takes from the queue at once."""

FORK_PATIENCE_S = 1.0
"""How long a fork waits for a write, so that the child does not inherit a partial one."""


class Dispatcher(Protocol):
    """Accepts entries from any thread and delivers them to the sinks."""

    def submit(self, entry: Entry) -> None:
        """Accept an entry. Never raises."""

    def flush(self, timeout_s: float) -> bool:
        """Wait until all entries so far are delivered; False if the time ran out."""

    def close(self, timeout_s: float) -> bool:
        """Stop accepting entries, deliver the rest; False if the time ran out and some are lost."""


class SynchronousDispatcher:
    """Delivers in the thread that logs, one entry at a time."""

    def __init__(self, deliver: Deliver, *, name: str, metrics: Metrics) -> None:
        """Deliver with `deliver`, which must not raise; `name` labels dropped entries."""
        self._deliver = deliver
        self._name = name
        self._metrics = metrics
        self._lock = threading.RLock()
        self._closed = False
        forking.watch(self)

    def submit(self, entry: Entry) -> None:
        """Deliver immediately; after `close`, count the entry as dropped."""
        with self._lock:
            if self._closed:
                self._metrics.dropped(self._name, "closed")
            else:
                self._deliver([entry])

    def flush(self, timeout_s: float) -> bool:  # noqa: ARG002 - entries never wait
        """Return True: entries never wait."""
        return True

    def close(self, timeout_s: float) -> bool:  # noqa: ARG002 - as above
        """Stop accepting entries."""
        self._closed = True
        return True

    def before_fork(self) -> None:
        """Nothing to prepare: the thread that forks is not inside a sink."""

    def after_fork_in_parent(self) -> None:
        """Nothing was prepared."""

    def after_fork_in_child(self) -> None:
        """Replace the lock, which a thread that no longer exists may hold."""
        self._lock = threading.RLock()


class QueueDispatcher:
    """A bounded queue and one background thread.

    The thread starts with the first entry, and again after a fork. The child starts with an empty
    queue, because the parent delivers the queued entries. The thread is a daemon, so that it never
    delays the end of the process; the dispatcher's owner must call `close`.
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
        """Deliver with `deliver`; `name` is the label of the queue and the thread.

        If `capacity` entries are queued, `drop-oldest` and `drop-new` drop one entry; `block` waits
        for up to `block_timeout_s` seconds, then drops the new entry.
        """
        self._deliver = deliver
        self._name = name
        self._metrics = metrics
        self._capacity = capacity
        self._overflow = overflow
        self._block_timeout_s = block_timeout_s
        self._closed = False
        self._reset()
        self._forking_thread: int | None = None
        metrics.watch_depth(name, self.depth)
        forking.watch(self)

    def _reset(self) -> None:
        # A Condition's lock is re-entrant, so a signal handler may log inside `submit`.
        self._changed = threading.Condition()
        self._delivering = threading.RLock()
        self._queue: deque[tuple[int, Entry]] = deque()
        self._last_number = 0
        self._first_in_flight: int | None = None
        self._thread: threading.Thread | None = None

    def depth(self) -> int:
        """Return the number of queued entries."""
        return len(self._queue)

    def submit(self, entry: Entry) -> None:
        """Queue an entry, or drop one according to the overflow policy."""
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
        """Wait until all entries so far are delivered or dropped; False if the time ran out."""
        with self._changed:
            target = self._last_number
            if self._queue:
                self._ensure_thread()
            return self._changed.wait_for(lambda: self._is_done(target), timeout_s)

    def _is_done(self, number: int) -> bool:
        waiting = bool(self._queue) and self._queue[0][0] <= number
        in_flight = self._first_in_flight is not None and self._first_in_flight <= number
        return not waiting and not in_flight

    def close(self, timeout_s: float) -> bool:
        """Stop accepting entries, deliver the rest, end the thread; count undelivered entries."""
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
            undelivered = len(self._queue)
            self._queue.clear()
        if undelivered:
            self._metrics.dropped(self._name, "shutdown", undelivered)
        self._metrics.unwatch_depth(self._name, self.depth)
        return undelivered == 0 and (thread is None or not thread.is_alive())

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
        """Wait for the current write, but only briefly: a hanging sink must not block a fork."""
        if self._delivering.acquire(timeout=FORK_PATIENCE_S):
            self._forking_thread = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Let the thread continue."""
        if self._forking_thread == threading.get_ident():
            self._forking_thread = None
            self._delivering.release()

    def after_fork_in_child(self) -> None:
        """Start with an empty queue; the thread starts with the first entry."""
        self._reset()
