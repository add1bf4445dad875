"""Responsible for tests of collect: results of jobs, as they arrive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.engine.record import Collected
from covernance.engine.shard import Shard
from covernance.history.directory import Directory
from covernance.history.store import StoreListing
from covernance.matrix import jobs
from covernance.matrix.jobs import Plan
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, record, request
from tests.utils.agents import local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import Folder, Repository

THEMES = ("architecture", "reliability", "security")


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    folder = tmp_path / "arrived"
    folder.mkdir()
    return folder


_Asked = tuple[Shard, tuple[str, ...], str]


@pytest.fixture(scope="module")
def measured() -> dict[_Asked, Folder]:
    """The results of the shards that ran so far."""
    return {}


@pytest.fixture
def measure(
    repository: Repository,
    processes: FakeProcesses,
    arrived: Path,
    measured: dict[_Asked, Folder],
    tmp_path: Path,
) -> Callable[..., Table]:
    """Run one shard elsewhere, and put its results to those of the others.

    A shard runs once; the next test that asks for it gets a copy of its results.
    """

    def run_it(shard: Shard, *arguments: str) -> Table:
        asked = shard, arguments, repr(processes.arcs)
        if asked not in measured:
            elsewhere = Repository(tmp_path / f"shard-{shard.number}", repository.files)
            with chdir(elsewhere.root):
                measured[asked] = run_shard(load(elsewhere.root), shard, arguments, processes)
        measured[asked].write(arrived)
        return load(repository.root)

    return run_it


def run_shard(
    table: Table, shard: Shard, arguments: tuple[str, ...], processes: FakeProcesses
) -> Folder:
    """Run one shard, and return what a job of CI would upload."""
    for theme in THEMES:
        tests = [f"t::{theme}-{number}" for number in range(1, shard.of + 1)]
        mine = tests.pop(shard.number - 1)
        collected = Collected(selected={mine: (theme,)}, elsewhere=tests)
        processes.records[theme] = record(theme, collected=collected, outcomes={mine: "passed"})
    asked = request(table, *arguments, shard=shard)
    run_suites(context_of(table), asked, local_agents(*table.suites), Quiet())
    upload = Path("upload")
    upload.mkdir()
    for path in (*Path("coverage").glob("parts/*"), *Path("coverage").glob("*.snapshot.json")):
        shutil.move(path, upload / path.name)
    if shard.whole:
        shutil.move("coverage/data/calc", upload / "data/calc")
    return Folder.read(upload)


def plan_of(table: Table, shards: int) -> Plan:
    split = msgspec.structs.replace(table.suites[0], shards=shards)
    planned = jobs.plan_jobs(
        msgspec.structs.replace(table, suites=(split,)), StoreListing(Directory(Path("none")))
    )
    return msgspec.structs.replace(planned, config=table.digest())
