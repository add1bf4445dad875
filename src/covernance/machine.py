"""A description of the machine that figures were measured on, without its name."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a machine that measured times depend on.

    Attributes:
        cpus: The number of cores that this process may use.
        cpu: The processor's model, or its architecture if the model is unknown.
        memory_mib: Physical memory in MiB.
        system: The operating system and its kernel version, without the suffix of a private build.
        python: The interpreter and its version.
    """

    cpus: int
    cpu: str
    memory_mib: int
    system: str
    python: str


def describe_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """Describe this machine; `cpuinfo` is the file in which Linux lists its processors."""
    return Machine(
        cpus=count_cpus(),
        cpu=_model(cpuinfo) or platform.machine(),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        system=f"{_distribution()}, {platform.system()} {platform.release().partition('-')[0]}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def count_cpus() -> int:
    """Count the cores that this process may use, or all cores if the system has no such limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_parallelism(processes: int) -> int:
    """Choose how many processes run at once: one per core, or all if fewer than two per core.

    With fewer than two per core, a second round would leave cores idle, so all share the cores.
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
