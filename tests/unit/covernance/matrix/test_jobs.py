from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.engine.shard import Shard
from covernance.errors import InputError
from covernance.history.directory import Directory
from covernance.history.store import StoreListing
from covernance.layout import Layout
from covernance.matrix import jobs
from covernance.matrix.jobs import Planned
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(repository: Repository) -> Table:
    repository.write("other/__init__.py", "z = 1\n")
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\nshards = 2\n',
    )
    return load(repository.root)


def test_suite_is_one_job_or_one_per_shard(table: Table, tmp_path: Path) -> None:
    made = jobs.plan_jobs(table, StoreListing(Directory(tmp_path / "history")))
    assert [job.name for job in made.jobs] == ["calc", "other-1-of-2", "other-2-of-2"]
    assert made.durations == {"other": {}}
    assert made.config == table.digest()


@pytest.mark.reliability
def test_shards_are_split_by_the_newest_durations(
    table: Table, tmp_path: Path, snapshot: Snapshot
) -> None:
    store = Directory(tmp_path / "history")
    for run_id, day in (("2", "22"), ("1", "21")):
        seconds = float(run_id)
        tests = {"t::a": msgspec.structs.replace(snapshot.tests["t::a"], seconds=seconds)}
        source = msgspec.structs.replace(
            snapshot.provenance, run_id=run_id, recorded_at=f"2026-11-{day}T12:00:00Z"
        )
        store.add(
            [msgspec.structs.replace(snapshot, suite="other", tests=tests, provenance=source)]
        )
    assert jobs.plan_jobs(table, StoreListing(store)).durations == {"other": {"t::a": 2.0}}


@pytest.mark.reliability
def test_written_plan_is_read_back_unchanged(table: Table, tmp_path: Path) -> None:
    made = jobs.plan_jobs(table, StoreListing(Directory(tmp_path / "history")))
    assert jobs.read(jobs.write(made, Layout(table.root))) == made
    assert jobs.durations(Layout(table.root)) == {"other": {}}


def test_without_a_plan_there_are_no_durations(table: Table) -> None:
    assert jobs.durations(Layout(table.root)) == {}


@pytest.mark.security
@pytest.mark.parametrize("content", [b"", b"{}", b'{"jobs": 3}', b'{"commit": "\xff"}'])
def test_damaged_plan_error_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(InputError, match=r"plan\.json: is not a plan, .* damaged.*--format github"):
        jobs.read(tmp_path / "plan.json")


@pytest.mark.security
def test_missing_plan_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `covernance plan --format github`"):
        jobs.read(tmp_path / "plan.json")


def test_job_is_named_after_its_shard() -> None:
    assert [Planned("api").name, Planned("api", Shard(1, 2)).name] == ["api", "api-1-of-2"]
