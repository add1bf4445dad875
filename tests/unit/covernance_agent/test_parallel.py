from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from covernance_agent import parallel
from covernance_agent.parallel import share

pytestmark = pytest.mark.reliability


@pytest.fixture(autouse=True)
def _three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "cpus", lambda: 3)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process IDs of the forks."""
    processes: list[int] = []
    fork = os.fork

    def counted() -> int:
        process = fork()
        processes.append(process)
        return process

    monkeypatch.setattr(os, "fork", counted)
    return processes


def alive(process: int) -> bool:
    """Whether there is a process, including one that ended and was not waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Work:
    """Leaves a file with the number of its process for every item."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = os.getpid()

    def __call__(self, items: Sequence[str]) -> bytes:
        for item in items:
            (self.folder / item).write_text(str(os.getpid()))
        return "".join(items).encode()

    def done(self) -> dict[str, int]:
        return {path.name: int(path.read_text()) for path in self.folder.iterdir()}


@pytest.mark.parametrize("items", ["", "a", "ab", "abcdefg"])
def test_every_item_is_worked_on(tmp_path: Path, items: str) -> None:
    work = Work(tmp_path)
    results = share(items, work)
    assert work.done().keys() == set(items)
    assert sorted(b"".join(results).decode()) == [*items]


@pytest.mark.skipif("sys.platform != 'linux'")
def test_there_is_one_process_per_core_including_this_one(tmp_path: Path) -> None:
    work = Work(tmp_path)
    share("abcdef", work)
    processes = set(work.done().values())
    assert len(processes) == 3
    assert os.getpid() in processes


def test_a_system_on_which_forking_is_not_safe_uses_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    work = Work(tmp_path)
    share("abc", work)
    assert set(work.done().values()) == {os.getpid()}


def test_work_is_done_here_if_a_fork_can_not_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    work = Work(tmp_path)
    share("abc", work)
    assert set(work.done().values()) == {os.getpid()}


def test_the_share_of_a_fork_that_dies_is_done_here(tmp_path: Path) -> None:
    here = os.getpid()
    work = Work(tmp_path)

    def fragile(items: Sequence[str]) -> bytes:
        if os.getpid() != here:
            os.kill(os.getpid(), 9)
        return work(items)

    assert sorted(share("abc", fragile)) == [b"a", b"b", b"c"]
    assert work.done() == dict.fromkeys("abc", here)


def test_work_is_done_here_if_a_fork_can_not_write_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "wb"))
    work = Work(tmp_path)
    assert sorted(share("abc", work)) == [b"a", b"b", b"c"]
    assert work.done() == dict.fromkeys("abc", os.getpid())


def test_an_interruption_while_forking_or_waiting_leaves_no_fork_behind(
    forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = os.getpid()
    counted, wait = os.fork, os.waitpid

    def interrupted_fork() -> int:
        process = counted()
        os.kill(
            os.getpid(), signal.SIGINT
        )  # in the fork too: Ctrl-C goes to the whole process group
        return process

    def interrupted_wait(process: int, options: int) -> tuple[int, int]:
        monkeypatch.setattr(os, "waitpid", wait)
        raise KeyboardInterrupt

    def work(_items: Sequence[str]) -> bytes:
        if os.getpid() != here:
            time.sleep(600)
        return b""

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", interrupted_fork)
        with pytest.raises(KeyboardInterrupt):
            share("abc", work)
    monkeypatch.setattr(os, "waitpid", interrupted_wait)
    with pytest.raises(KeyboardInterrupt):
        share("abc", work)
    assert len(forks) == 3
    assert not any(map(alive, forks))


def test_an_error_in_a_fork_is_raised_here(forks: list[int]) -> None:
    def refuse_c(items: Sequence[str]) -> bytes:
        if "c" in items:
            raise ValueError("c")
        return b""

    with pytest.raises(ValueError, match="c"):
        share("abc", refuse_c)
    assert not any(map(alive, forks))


def test_no_fork_continues_after_an_error(tmp_path: Path, forks: list[int]) -> None:
    here = os.getpid()

    def work(_items: Sequence[str]) -> bytes:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(60)
        (tmp_path / "late").touch()
        return b""

    with pytest.raises(KeyboardInterrupt):
        share("abc", work)
    assert not any(map(alive, forks))
    assert not [*tmp_path.iterdir()]
