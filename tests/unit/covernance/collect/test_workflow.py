from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from coverage import CoverageData

from covernance.collect.arrivals import find_arrivals
from covernance.collect.command import command
from covernance.collect.workflow import collect
from covernance.config import Table
from covernance.engine.shard import Shard
from covernance.errors import Exit, InputError
from covernance.layout import Layout
from covernance.matrix import jobs
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from tests.unit.covernance.collect.conftest import THEMES, plan_of
from tests.unit.covernance.conftest import FakeProcesses
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of

pytestmark = pytest.mark.reliability


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
