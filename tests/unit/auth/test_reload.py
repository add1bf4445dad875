from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from apps.auth_service.errors import ConfigError
from apps.auth_service.reload import Reloading
from tests.unit.auth.support import Clock


@dataclass
class Disk:
    """A source whose content and validity the test controls."""

    content: str = "one"
    valid: bool = True
    loads: int = 0

    def load(self) -> str:
        self.loads += 1
        if not self.valid:
            raise ConfigError(Path("disk"), "is broken", "mend it")
        return self.content

    def fingerprint(self) -> tuple[str, bool]:
        return self.content, self.valid


def reloading(disk: Disk, clock: Clock, interval: float = 1) -> Reloading[str]:
    return Reloading("disk", disk.load, disk.fingerprint, interval=interval, clock=clock)


@pytest.mark.architecture
def test_new_content_is_used_after_the_interval() -> None:
    disk, clock = Disk(), Clock(0)
    value = reloading(disk, clock)
    disk.content = "two"

    assert value.get() == "one"
    clock.advance(1)
    assert value.get() == "two"
    assert not value.stale


@pytest.mark.reliability
def test_unchanged_content_is_not_loaded_again() -> None:
    disk = Disk()
    value = reloading(disk, Clock(0), interval=0)

    for _ in range(5):
        value.get()

    assert disk.loads == 1


@pytest.mark.reliability
def test_invalid_content_is_logged_once_and_the_old_value_stays_in_use() -> None:
    disk = Disk()
    value = reloading(disk, Clock(0), interval=0)
    disk.content, disk.valid = "two", False

    assert [value.get(), value.get()] == ["one", "one"]
    assert value.stale
    assert disk.loads == 2

    disk.valid = True
    assert value.get() == "two"
    assert not value.stale


@pytest.mark.security
def test_a_failed_first_load_is_an_error() -> None:
    with pytest.raises(ConfigError, match="disk: is broken; mend it"):
        reloading(Disk(valid=False), Clock(0))


@pytest.mark.reliability
def test_other_threads_do_not_wait_for_a_reload() -> None:
    loading, finish = Event(), Event()
    disk = Disk()

    def load() -> str:
        if disk.loads:
            loading.set()
            assert finish.wait(60)
        return disk.load()

    value = Reloading("disk", load, disk.fingerprint, interval=0, clock=Clock(0))
    disk.content = "two"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(value.get)
        assert loading.wait(60)
        assert value.get() == "one"
        finish.set()
        assert slow.result() == "two"
