"""The machine that figures were measured on, without its name."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What makes times comparable.

    Attributes:
        cpus: The cores that this process may use.
        cpu: The processor's model, or its architecture where the system tells no more.
        memory_mib: Physical memory in MiB.
        system: The operating system and its kernel, without the name of a private build.
        python: The interpreter and its version.
    """

    cpus: int
    cpu: str
    memory_mib: int
    system: str
    python: str


def describe_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """Describe this machine; `cpuinfo` is where Linux tells of its processors."""
    return Machine(
        cpus=count_cpus(),
        cpu=_model(cpuinfo) or platform.machine(),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        system=f"{_distribution()}, {platform.system()} {platform.release().partition('-')[0]}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def count_cpus() -> int:
    """The cores that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_parallelism(processes: int) -> int:
    """How many of these to run at once: as many as there are cores, or all where few more.

    Less than two rounds would leave cores idle in the second; then all share the cores.
    """
    return processes if count_cpus() < processes < 2 * count_cpus() else count_cpus()


def _model(cpuinfo: Path) -> str:
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "")


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
