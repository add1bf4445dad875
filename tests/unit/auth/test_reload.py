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
    """A source whose content and soundness the test decides."""

    content: str = "one"
    sound: bool = True
    loads: int = 0

    def load(self) -> str:
        self.loads += 1
        if not self.sound:
            raise ConfigError(Path("disk"), "is broken", "mend it")
        return self.content

    def mark(self) -> tuple[str, bool]:
        return self.content, self.sound


def follow(disk: Disk, clock: Clock, interval: float = 1) -> Reloading[str]:
    return Reloading("disk", disk.load, disk.mark, interval=interval, clock=clock)


@pytest.mark.architecture
def test_new_content_is_in_force_once_the_interval_is_over() -> None:
    disk, clock = Disk(), Clock(0)
    value = follow(disk, clock)
    disk.content = "two"

    assert value.get() == "one"
    clock.advance(1)
    assert value.get() == "two"
    assert not value.stale


@pytest.mark.reliability
def test_unchanged_content_is_not_loaded_again() -> None:
    disk = Disk()
    value = follow(disk, Clock(0), interval=0)

    for _ in range(5):
        value.get()

    assert disk.loads == 1


@pytest.mark.reliability
def test_broken_content_keeps_the_old_says_so_once_and_recovers() -> None:
    disk = Disk()
    value = follow(disk, Clock(0), interval=0)
    disk.content, disk.sound = "two", False

    assert [value.get(), value.get()] == ["one", "one"]
    assert value.stale
    assert disk.loads == 2

    disk.sound = True
    assert value.get() == "two"
    assert not value.stale


@pytest.mark.security
def test_there_is_nothing_to_fall_back_to_at_first() -> None:
    with pytest.raises(ConfigError, match="disk: is broken; mend it"):
        follow(Disk(sound=False), Clock(0))


@pytest.mark.reliability
def test_while_one_thread_loads_the_others_are_not_kept_waiting() -> None:
    loading, finish = Event(), Event()
    disk = Disk()

    def load() -> str:
        if disk.loads:
            loading.set()
            assert finish.wait(60)
        return disk.load()

    value = Reloading("disk", load, disk.mark, interval=0, clock=Clock(0))
    disk.content = "two"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(value.get)
        assert loading.wait(60)
        assert value.get() == "one"
        finish.set()
        assert slow.result() == "two"
