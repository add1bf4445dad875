"""Follow a file or directory: use its new content when that is sound, else keep the last good."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from apps.auth_service.errors import ConfigError
from logging_lib import get_logger

log = get_logger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """Something that always has a current value."""

    def get(self) -> T_co:
        """Return the value in force."""
        ...

    @property
    def stale(self) -> bool:
        """Whether a newer value exists that could not be used."""
        ...


class Reloading(Generic[T]):
    """A value loaded from disk that follows its source without a restart.

    The source is looked at in ``get``, at most once per interval, by one thread at a time; the
    others go on with the value in force.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], T],
        fingerprint: Callable[[], Hashable],
        *,
        interval: float,
        clock: Callable[[], float],
    ) -> None:
        """Load the first value.

        Args:
            name: What the value is, for the log.
            load: Reads the source; raises ConfigError when it is not sound.
            fingerprint: A cheap summary of the source that changes when the source does.
            interval: Seconds between two looks.
            clock: Monotonic seconds.

        Raises:
            ConfigError: The first load failed; there is nothing to fall back to.
        """
        self._name = name
        self._load = load
        self._fingerprint = fingerprint
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._stale = False
        self._seen = fingerprint()
        self._value = load()
        self._next_look = clock() + interval

    @property
    def stale(self) -> bool:
        """Whether the newest content was refused and an older one is in force."""
        return self._stale

    def get(self) -> T:
        """Return the newest sound value."""
        if self._clock() >= self._next_look and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._value

    def _look(self) -> None:
        # taken before loading: a change in between is seen at the next look
        fingerprint = self._fingerprint()
        if fingerprint != self._seen:
            try:
                self._value = self._load()
            except ConfigError as error:
                self._stale = True
                log.warning("reload_refused", part=self._name, reason=str(error))
            else:
                self._stale = False
                log.info("reloaded", part=self._name)
            self._seen = fingerprint
        self._next_look = self._clock() + self._interval
