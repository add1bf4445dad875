"""Run commands and measure their wall time, CPU time and memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """The resources used by a command and its child processes.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of CPU time (user and system) of all processes.
        memory_mib: Largest resident set size of a single process, in MiB.
    """

    wall: float
    cpu: float
    memory_mib: int


class CommandError(Exception):
    """A benchmark command failed, so its figures would be meaningless."""


def cost(commands: Sequence[Sequence[str]], folder: Path, environ: Mapping[str, str]) -> Cost:
    """Run commands one after another in `folder` and return their total cost.

    Raises:
        CommandError: A command exits with a code other than 0; includes the end of its output.
    """
    total = Cost(0, 0, 0)
    for command in commands:
        command_cost = _cost(command, folder, environ)
        total = Cost(
            total.wall + command_cost.wall,
            total.cpu + command_cost.cpu,
            max(total.memory_mib, command_cost.memory_mib),
        )
    return total


def _cost(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Cost:
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - commands of the benchmark
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")[-3000:]
            raise CommandError(f"{' '.join(command)}: exit {process.returncode}\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)
