"""Run passes in parallel, each in its own process, and stop them all when interrupted."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Protocol

import msgspec

from covernance.engine import record
from covernance.engine.passes import Pass
from covernance.engine.record import Record
from covernance.engine.slots import Slots
from covernance.errors import MachineError
from covernance.interruptions import defer_interruptions

_POLL_SECONDS = 0.02
_REPORT_SECONDS = 0.2
_GRACE_SECONDS = 3.0
_PATIENCE_SECONDS = 3.0


class Finished(msgspec.Struct, frozen=True):
    """The result of a pass.

    Attributes:
        planned: The pass.
        status: pytest's exit status; if negative, the signal that ended it.
        seconds: Wall time.
        record: The plugin's record, or None if pytest died before it could write one.
    """

    planned: Pass
    status: int
    seconds: float
    record: Record | None


class Observer(Protocol):
    """Receives the progress of passes."""

    def started(self, planned: Pass) -> None:
        """A pass has started."""

    def running(self, planned: Pass) -> None:
        """A pass is still running; called a few times per second."""

    def finished(self, result: Finished) -> None:
        """A pass has ended."""

    def note(self, text: str) -> None:
        """Explain what happens next, or why nothing does."""


def run_passes(
    passes: Sequence[Pass], *, slots: Slots, observer: Observer, interactive: bool = False
) -> list[Finished]:
    """Run all passes and return their results in the order given.

    They start in the order given, each as soon as a slot is free. Interactive passes need the
    terminal, so they run one after another. If the caller is interrupted, every process and its
    children are stopped before the interruption is raised.

    Raises:
        MachineError: A process can't be started.
    """
    running: list[_Process] = []
    with defer_interruptions() as interruptions:
        try:
            results = _run(passes, slots, observer, running, interruptions, interactive=interactive)
        except BaseException:
            _stop(running)
            raise
    return [results[planned.suite, planned.theme] for planned in passes]


def _run(
    passes: Sequence[Pass],
    slots: Slots,
    observer: Observer,
    running: list[_Process],
    interruptions: Sequence[int],
    *,
    interactive: bool,
) -> dict[tuple[str, str], Finished]:
    waiting = deque(passes)
    results: dict[tuple[str, str], Finished] = {}
    last_report = time.monotonic()
    patience = _Patience(observer)
    while waiting or running:
        while waiting and not (interactive and running):
            if (slot := slots.take(waiting[0].workers)) is None:
                break
            planned = waiting.popleft()
            running.append(_Process(planned, slot, interactive=interactive))
            observer.started(planned)
            _raise_if_interrupted(interruptions)
        for process in [process for process in running if process.ended]:
            running.remove(process)
            result = process.result()
            results[result.planned.suite, result.planned.theme] = result
            observer.finished(result)
        if time.monotonic() - last_report > _REPORT_SECONDS:
            last_report = time.monotonic()
            for process in running:
                observer.running(process.planned)
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

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._ends = time.monotonic() + _PATIENCE_SECONDS

    def waited(self) -> None:
        if time.monotonic() > self._ends:
            self._observer.note("waiting: other runs in this checkout use all slots")
            self._ends = math.inf


class _Process:
    def __init__(self, planned: Pass, slot: ExitStack, *, interactive: bool) -> None:
        self.planned = planned
        self._slot = slot
        self._began = time.monotonic()
        try:
            planned.folder.mkdir(parents=True)
            if interactive:
                self._child = subprocess.Popen(planned.command, env=planned.environment)  # noqa: S603 - the plan's own command
                return
            with planned.output.open("wb") as output:
                self._child = subprocess.Popen(  # noqa: S603 - the plan's own command
                    planned.command,
                    env=planned.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
        except OSError as error:
            slot.close()
            msg = f"{planned.suite} · {planned.theme}: can't be started: {error}"
            raise MachineError(msg) from error

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def free(self) -> None:
        """Release the slot."""
        self._slot.close()

    def result(self) -> Finished:
        self.free()
        return Finished(
            planned=self.planned,
            status=self._child.wait(),
            seconds=time.monotonic() - self._began,
            record=record.read_record(self.planned.record),
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
