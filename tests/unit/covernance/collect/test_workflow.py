from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from contextlib import chdir, closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from coverage import CoverageData

from covernance.collect.arrivals import find_arrivals
from covernance.collect.command import command
from covernance.collect.workflow import collect
from covernance.config import Table, load
from covernance.engine.record import Collected
from covernance.engine.shard import Shard
from covernance.errors import Exit, InputError
from covernance.history.directory import Directory
from covernance.history.store import StoreListing
from covernance.layout import Layout
from covernance.matrix import jobs
from covernance.matrix.jobs import Plan, Planned
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, record, request
from tests.utils.agents import local_agent, local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import Folder, Repository

pytestmark = pytest.mark.reliability

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


def collected(table: Table, folder: Path, shards: int) -> list[SuiteResult]:
    """The results of a suite's shards."""
    complete = find_arrivals(folder, plan_of(table, shards), table).complete
    return collect(context_of(table), complete, local_agent)


def test_shards_are_concluded_as_one_suite(measure: Callable[..., Table], arrived: Path) -> None:
    measure(Shard(1, 2))
    table = measure(Shard(2, 2))
    arrivals = find_arrivals(arrived, plan_of(table, 2), table)
    (result,) = collect(context_of(table), arrivals.complete, local_agent)
    assert (result.exit, result.snapshot.verdict) == (Exit.PASS, "pass")
    assert len(result.snapshot.tests) == 6
    assert result.snapshot.themes["security"].outcomes.tests == 2
    assert Layout(table.root).report("calc", "json").is_file()


@pytest.mark.security
def test_missing_job_is_named_and_its_suite_is_incomplete(
    measure: Callable[..., Table], arrived: Path
) -> None:
    table = measure(Shard(1, 2))
    arrivals = find_arrivals(arrived, plan_of(table, 2), table)
    assert [job.name for job in arrivals.missing] == ["calc-2-of-2"]
    assert arrivals.complete == ()
    assert collect(context_of(table), arrivals.complete, local_agent) == []


@pytest.mark.security
def test_gap_between_shards_fails_and_publishes_nothing(
    measure: Callable[..., Table], arrived: Path
) -> None:
    measure(Shard(1, 3))
    table = measure(Shard(3, 3))
    shutil.copytree(arrived / "calc-1-of-3", arrived / "calc-2-of-3")
    part = arrived / "calc-2-of-3/part.json"
    part.write_text(part.read_text().replace('"number":1', '"number":2'))
    (result,) = collected(table, arrived, 3)
    assert result.exit is Exit.TESTS_FAILED
    assert result.published == ()
    assert any("no shard ran t::security-2" in reason for reason in result.snapshot.reasons)
    assert any("several shards ran t::security-1" in reason for reason in result.snapshot.reasons)


@pytest.mark.security
def test_partial_shard_is_an_error(measure: Callable[..., Table], arrived: Path) -> None:
    measure(Shard(1, 2), "-k", "x")
    table = measure(Shard(2, 2))
    with pytest.raises(InputError, match=r"partial run \(-k 'x'\)"):
        collected(table, arrived, 2)


def test_unsplit_suite_is_published(measure: Callable[..., Table], arrived: Path) -> None:
    table = measure(Shard())
    (result,) = collected(table, arrived, 1)
    assert (result.exit, result.snapshot.verdict) == (Exit.PASS, "pass")
    assert Layout(table.root).data("calc").is_file()
    assert Layout(table.root).snapshot("calc") in result.published


@pytest.mark.security
@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2)], ids=["whole", "a part"])
@pytest.mark.parametrize("name", ["/etc/passwd", "../other/secret.py"])
def test_data_that_names_a_file_outside_the_repository_is_rejected(
    measure: Callable[..., Table], arrived: Path, name: str, shard: Shard
) -> None:
    for number in range(1, shard.of + 1):
        table = measure(Shard(number, shard.of))
    path = next(arrived.rglob(".coverage*"))
    path.unlink()
    with closing(CoverageData(str(path))) as data:
        data.add_arcs({name: [(-1, 1), (1, -1)]})
    message = rf"^{re.escape(str(arrived))}.*: names {name}, which is outside this repository"
    with pytest.raises(InputError, match=message):
        collected(table, arrived, shard.of)


def test_process_in_another_folder_may_name_sources_by_absolute_path(
    measure: Callable[..., Table], arrived: Path
) -> None:
    measure(Shard(1, 2))
    table = measure(Shard(2, 2))
    source = table.root / "calc/__init__.py"
    with closing(CoverageData(str(arrived / "calc-1-of-2/security/.coverage.child"))) as data:
        data.set_context("security|run")
        data.add_arcs({str(source): [(-1, 1), (1, -1)]})
    (result,) = collected(table, arrived, 2)
    assert result.exit is Exit.PASS
    assert [*result.snapshot.files] == ["calc/__init__.py"]


def invoke(*arguments: str) -> tuple[Exit, str]:
    done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.output


@pytest.mark.security
def test_suite_below_its_floor_fails_despite_a_passing_snapshot(
    measure: Callable[..., Table], arrived: Path, processes: FakeProcesses
) -> None:
    processes.arcs = {theme: [(-1, 1)] for theme in THEMES}
    table = measure(Shard())
    jobs.write(plan_of(table, 1), Layout(table.root))
    snapshot_file = arrived / "calc.snapshot.json"
    snapshot_file.write_text(snapshot_file.read_text().replace('"below-floor"', '"pass"'))
    code, output = invoke(os.fspath(arrived))
    assert code is Exit.GATE
    assert "calc: below-floor" in output
    assert read(Layout(table.root).snapshot("calc")).verdict == "below-floor"


@pytest.mark.security
def test_counts_are_those_of_the_data_whatever_the_snapshot_claims(
    measure: Callable[..., Table], arrived: Path, processes: FakeProcesses
) -> None:
    table = measure(Shard())
    claimed = (arrived / "calc.snapshot.json").read_bytes()
    shutil.rmtree(arrived)
    arrived.mkdir()
    processes.arcs = {theme: [(-1, 1)] for theme in THEMES}
    measure(Shard())
    (arrived / "calc.snapshot.json").write_bytes(claimed)
    (result,) = collected(table, arrived, 1)
    assert (result.exit, result.snapshot.verdict) == (Exit.GATE, "below-floor")
    assert result.snapshot.total.executed < result.snapshot.total.statements
    assert read(Layout(table.root).snapshot("calc")).files == result.snapshot.files


@pytest.mark.security
@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2)], ids=["whole", "a part"])
def test_a_result_of_a_dirty_checkout_is_rejected(
    measure: Callable[..., Table], arrived: Path, shard: Shard
) -> None:
    for number in range(1, shard.of + 1):
        table = measure(Shard(number, shard.of))
    path = next(arrived.rglob("calc.snapshot.json" if shard.whole else "part.json"))
    path.write_text(re.sub(r'"dirty":( ?)null', r'"dirty":\1true', path.read_text()))
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: measured with uncommitted"):
        find_arrivals(arrived, plan_of(table, shard.of), table)


@pytest.mark.security
@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2)], ids=["whole", "a part"])
def test_a_result_of_other_content_is_rejected(
    measure: Callable[..., Table], arrived: Path, repository: Repository, shard: Shard
) -> None:
    for number in range(1, shard.of + 1):
        table = measure(Shard(number, shard.of))
    complete = find_arrivals(arrived, plan_of(table, shard.of), table).complete
    repository.append("calc/__init__.py", "z = 3\n")
    message = r"calc.* was measured at no commit with another content of calc/__init__\.py than"
    with pytest.raises(InputError, match=message):
        collect(context_of(table), complete, local_agent)


@pytest.mark.security
def test_a_result_of_another_commit_than_is_checked_out_is_rejected(
    measure: Callable[..., Table], arrived: Path, repository: Repository
) -> None:
    table = measure(Shard())
    complete = find_arrivals(arrived, plan_of(table, 1), table).complete
    head = repository.commit_first()
    with pytest.raises(InputError, match=f"at commit None, but this checkout is at {head}"):
        collect(context_of(table), complete, local_agent)


@pytest.mark.security
def test_suite_without_data_fails_again(measure: Callable[..., Table], arrived: Path) -> None:
    table = measure(Shard())
    snapshot_file = arrived / "calc.snapshot.json"
    snapshot_file.write_text(
        snapshot_file.read_text().replace('"verdict": "pass"', '"verdict": "no-data"')
    )
    (result,) = collected(table, arrived, 1)
    assert (result.exit, result.snapshot.verdict) == (Exit.GATE, "no-data")


@pytest.mark.security
def test_unsplit_suite_without_its_data_is_an_error(
    measure: Callable[..., Table], arrived: Path
) -> None:
    table = measure(Shard())
    complete = find_arrivals(arrived, plan_of(table, 1), table).complete
    shutil.rmtree(arrived / "data")
    with pytest.raises(InputError, match="upload hidden files"):
        collect(context_of(table), complete, local_agent)


@pytest.mark.security
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commit": "1" * 40}, "measured at commit None, but the plan is for 1111"),
        ({"config": "other"}, "but the plan is for other; run it again"),
        ({"jobs": ()}, "calc is not part of the plan"),
    ],
)
def test_result_that_does_not_match_the_plan_is_an_error(
    measure: Callable[..., Table], arrived: Path, changes: dict[str, object], message: str
) -> None:
    table = measure(Shard())
    plan = msgspec.structs.replace(plan_of(table, 1), **changes)
    with pytest.raises(InputError, match=message):
        find_arrivals(arrived, plan, table)


@pytest.mark.security
@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('"security"', '"../../outside"', "has '../../outside'; themes of calc: architecture"),
        ('"security"', '"/outside"', "has '/outside'"),
        ('"security"', '"unthemed"', "lacks 'security'; themes of calc"),
        ('"suite":"calc"', '"suite":"../../outside"', "the table has no suite '../../outside'"),
    ],
)
def test_names_that_the_table_lacks_are_an_error(
    measure: Callable[..., Table], arrived: Path, written: str, instead: str, message: str
) -> None:
    table = measure(Shard(1, 2))
    part = arrived / "calc-1-of-2/part.json"
    assert written in part.read_text()
    part.write_text(part.read_text().replace(written, instead))
    planned = Planned("../../outside", Shard(1, 2))
    plan = plan_of(table, 2)
    plan = msgspec.structs.replace(plan, jobs=(*plan.jobs, planned))
    with pytest.raises(InputError, match=f"part.json: {re.escape(message)}"):
        find_arrivals(arrived, plan, table)


@pytest.mark.security
def test_suite_without_one_of_its_themes_is_an_error(
    measure: Callable[..., Table], arrived: Path
) -> None:
    table = measure(Shard())
    snapshot_file = arrived / "calc.snapshot.json"
    result = read(snapshot_file)
    themes = {name: cell for name, cell in result.themes.items() if name != "security"}
    snapshot_file.write_bytes(msgspec.structs.replace(result, themes=themes).encode())
    with pytest.raises(InputError, match=r"calc\.snapshot\.json: lacks 'security'"):
        find_arrivals(arrived, plan_of(table, 1), table)


@pytest.mark.security
def test_duplicate_result_is_an_error(measure: Callable[..., Table], arrived: Path) -> None:
    table = measure(Shard())
    (arrived / "again").mkdir()
    shutil.copy(arrived / "calc.snapshot.json", arrived / "again")
    with pytest.raises(InputError, match="two results of calc"):
        find_arrivals(arrived, plan_of(table, 1), table)


def test_command_fails_while_a_result_is_missing(
    measure: Callable[..., Table], arrived: Path
) -> None:
    table = measure(Shard(1, 2))
    plan = jobs.write(plan_of(table, 2), Layout(table.root))
    code, output = invoke(os.fspath(arrived))
    assert code is Exit.GATE
    assert "no result from these planned jobs: calc-2-of-2" in output
    measure(Shard(2, 2))
    code, output = invoke(os.fspath(arrived), "--plan", os.fspath(plan))
    assert code is Exit.PASS
    assert "calc: pass: 100.00 %" in output
