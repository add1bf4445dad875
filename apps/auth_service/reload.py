"""Reload a file or directory when it changes; invalid content is not used."""

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
    """Provides the current value of something that may change."""

    def get(self) -> T_co:
        """Return the current value."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the source has changed to something invalid."""
        ...


class Reloading(Generic[T]):
    """A value that is loaded from disk and reloaded when its source changes.

    ``get`` checks the source at most once per interval, in one thread at a time; meanwhile, other
    threads get the current value.
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
            name: Name of the value in log records.
            load: Reads the source; raises ConfigError if it is invalid.
            fingerprint: Returns a cheap summary that changes when the source does.
            interval: Seconds between two checks.
            clock: Monotonic seconds.

        Raises:
            ConfigError: The first load failed, so there is no earlier value to use.
        """
        self._name = name
        self._load = load
        self._fingerprint = fingerprint
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._stale = False
        self._loaded_fingerprint = fingerprint()
        self._value = load()
        self._next_check = clock() + interval

    @property
    def stale(self) -> bool:
        """Whether the latest content was rejected and an older value is in use."""
        return self._stale

    def get(self) -> T:
        """Return the latest valid value."""
        if self._clock() >= self._next_check and self._lock.acquire(blocking=False):
            try:
                self._check_source()
            finally:
                self._lock.release()
        return self._value

    def _check_source(self) -> None:
        # taken before loading, so that a change during the load is found by the next check
        fingerprint = self._fingerprint()
        if fingerprint != self._loaded_fingerprint:
            try:
                self._value = self._load()
            except ConfigError as error:
                self._stale = True
                log.warning("reload_refused", part=self._name, reason=str(error))
            else:
                self._stale = False
                log.info("reloaded", part=self._name)
            self._loaded_fingerprint = fingerprint
        self._next_check = self._clock() + self._interval
