"""One command as a whole process: wall time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """What a command and its children took.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of processor time, user and system, of all processes.
        memory_mib: The largest resident set of any one process, in MiB.
    """

    wall: float
    cpu: float
    memory_mib: int


class CommandError(Exception):
    """A command of a benchmark failed; its figures would mean nothing."""


def cost(commands: Sequence[Sequence[str]], folder: Path, environ: Mapping[str, str]) -> Cost:
    """Run commands one after the other in `folder` and add up what they took.

    Raises:
        CommandError: One exits with anything but 0; the text holds the end of its output.
    """
    total = Cost(0, 0, 0)
    for command in commands:
        one = _cost(command, folder, environ)
        total = Cost(
            total.wall + one.wall, total.cpu + one.cpu, max(total.memory_mib, one.memory_mib)
        )
    return total


def _cost(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Cost:
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own commands
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")[-3000:]
            raise CommandError(f"{' '.join(command)}: exit {process.returncode}\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)
