from __future__ import annotations

import os
import platform
import socket
from pathlib import Path

import msgspec
import pytest

from covernance import machine
from covernance.machine import choose_parallelism, count_cpus, describe_machine

pytestmark = pytest.mark.architecture


def test_the_description_has_what_times_depend_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "release", lambda: "6.1.9-private-7")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name : Fast 9000\nmodel name : Other\n")
    machine = describe_machine(cpuinfo)
    assert machine.cpu == "Fast 9000"
    assert 1 <= machine.cpus <= (os.cpu_count() or 1)
    assert machine.memory_mib > 0
    assert machine.python == f"CPython {platform.python_version()}"
    assert machine.system.endswith(f", {platform.system()} 6.1.9")


@pytest.mark.reliability
@pytest.mark.parametrize("content", [None, "processor : 0\n"])
def test_without_a_model_the_architecture_is_used(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "cpuinfo").write_text(content)
    assert describe_machine(tmp_path / "cpuinfo").cpu == platform.machine()


@pytest.mark.reliability
def test_other_systems_are_described_by_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", unknown)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    machine = describe_machine()
    assert machine.system.startswith(platform.system())
    assert machine.cpus == 1


@pytest.mark.security
def test_the_description_does_not_contain_the_machines_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "build-server-17"
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    monkeypatch.setattr(platform, "node", lambda: name)
    assert name not in str(msgspec.to_builtins(describe_machine()))


@pytest.mark.reliability
def test_only_cores_that_this_process_may_use_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_cpus() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert count_cpus() == 1


@pytest.mark.parametrize(
    ("cores", "processes", "running"),
    [(1, 3, 1), (2, 1, 2), (2, 2, 2), (2, 3, 3), (2, 4, 2), (2, 12, 2), (4, 6, 6), (4, 8, 4)],
)
def test_fewer_than_two_processes_per_core_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int, running: int
) -> None:
    monkeypatch.setattr(machine, "count_cpus", lambda: cores)
    assert choose_parallelism(processes) == running
