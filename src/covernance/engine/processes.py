"""Run processes in parallel, and stop them all when interrupted."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from covernance.engine.slots import Slots
from covernance.engine.theme_result import output_file
from covernance.errors import MachineError
from covernance.interruptions import defer_interruptions

_POLL_SECONDS = 0.02
_REPORT_SECONDS = 0.2
_GRACE_SECONDS = 3.0
_PATIENCE_SECONDS = 3.0


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A process to start.

    Attributes:
        name: Its name in messages; no other process of a run has it.
        folder: Its own folder, which is created for it.
        command: The command line.
        environment: All environment variables.
        slots: The number of slots that it needs.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    environment: dict[str, str]
    slots: int = 1

    @property
    def output(self) -> Path:
        """The file with the output, unless the process is interactive."""
        return output_file(self.folder)


class Ended(msgspec.Struct, frozen=True):
    """How a process ended.

    Attributes:
        launch: The process.
        status: Its exit status; if negative, the signal that ended it.
        seconds: Wall time.
    """

    launch: Launch
    status: int
    seconds: float


class Watcher(Protocol):
    """Receives the progress of processes."""

    def started(self, launch: Launch) -> None:
        """A process has started."""

    def running(self, launch: Launch) -> None:
        """A process is still running; called a few times per second."""

    def ended(self, ended: Ended) -> None:
        """A process has ended."""

    def note(self, text: str) -> None:
        """Explain why nothing happens."""


def run_processes(
    launches: Sequence[Launch], *, slots: Slots, watcher: Watcher, interactive: bool = False
) -> list[Ended]:
    """Run all processes and return how they ended, in the order given.

    They start in the order given, each as soon as enough slots are free. Interactive processes need
    the terminal, so they run one after another. If the caller is interrupted, every process and its
    children are stopped before the interruption is raised.

    Raises:
        MachineError: A process can't be started.
    """
    running: list[_Process] = []
    with defer_interruptions() as interruptions:
        try:
            ended = _run(launches, slots, watcher, running, interruptions, interactive=interactive)
        except BaseException:
            _stop(running)
            raise
    return [ended[launch.name] for launch in launches]


def _run(
    launches: Sequence[Launch],
    slots: Slots,
    watcher: Watcher,
    running: list[_Process],
    interruptions: Sequence[int],
    *,
    interactive: bool,
) -> dict[str, Ended]:
    waiting = deque(launches)
    results: dict[str, Ended] = {}
    last_report = time.monotonic()
    patience = _Patience(watcher)
    while waiting or running:
        while waiting and not (interactive and running):
            if (slot := slots.take(waiting[0].slots)) is None:
                break
            launch = waiting.popleft()
            running.append(_Process(launch, slot, interactive=interactive))
            watcher.started(launch)
            _raise_if_interrupted(interruptions)
        for process in [process for process in running if process.ended]:
            running.remove(process)
            result = process.result()
            results[result.launch.name] = result
            watcher.ended(result)
        if time.monotonic() - last_report > _REPORT_SECONDS:
            last_report = time.monotonic()
            for process in running:
                watcher.running(process.launch)
        if waiting and not running:
            patience.waited()
        if waiting or running:
            time.sleep(_POLL_SECONDS)
        _raise_if_interrupted(interruptions)
    return results


def _raise_if_interrupted(interruptions: Sequence[int]) -> None:
    if interruptions:
        raise KeyboardInterrupt


class _Patience:
    """Reports once that nothing is running because other runs use all slots."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._ends = time.monotonic() + _PATIENCE_SECONDS

    def waited(self) -> None:
        if time.monotonic() > self._ends:
            self._watcher.note("waiting: other runs in this checkout use all slots")
            self._ends = math.inf


class _Process:
    def __init__(self, launch: Launch, slot: ExitStack, *, interactive: bool) -> None:
        self.launch = launch
        self._slot = slot
        self._began = time.monotonic()
        try:
            launch.folder.mkdir(parents=True)
            if interactive:
                self._child = subprocess.Popen(launch.command, env=launch.environment)  # noqa: S603 - the plan's own command
                return
            with launch.output.open("wb") as output:
                self._child = subprocess.Popen(  # noqa: S603 - the plan's own command
                    launch.command,
                    env=launch.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
        except OSError as error:
            slot.close()
            msg = f"{launch.name}: can't be started: {error}"
            raise MachineError(msg) from error

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def free(self) -> None:
        """Release the slot."""
        self._slot.close()

    def result(self) -> Ended:
        self.free()
        return Ended(
            launch=self.launch,
            status=self._child.wait(),
            seconds=time.monotonic() - self._began,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its children, including pytest-xdist's workers."""
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(self._child.pid) == self._child.pid:
                os.killpg(self._child.pid, number)
            else:
                self._child.send_signal(number)


def _stop(processes: Sequence[_Process]) -> None:
    alive = [process for process in processes if not process.ended]
    for number in (signal.SIGINT, signal.SIGKILL):
        for process in alive:
            process.signal(number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while alive and time.monotonic() < deadline:
            alive = [process for process in alive if not process.ended]
            time.sleep(_POLL_SECONDS)
    for process in processes:
        process.free()
