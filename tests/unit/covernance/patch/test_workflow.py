from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.errors import Exit, InputError
from covernance.model.counts import Counts
from covernance.patch.workflow import measure_patch
from tests.unit.covernance.patch.measured import (
    EARLIER,
    LATER,
    SOURCE,
    Measure,
    edit,
    only,
    patched,
)
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import TABLE, Repository

pytestmark = [pytest.mark.architecture, pytest.mark.usefixtures("feature")]


def test_lines_that_did_not_run_are_below_the_floor(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\nw = 4\n")
    measure("1-3", "4")
    report = patched()
    assert report.exit is Exit.GATE
    assert only(report).verdict == "below-floor"
    assert only(report).results[0].uncovered == ((str(SOURCE), 4),)
    assert patched(min_lines=3).exit is Exit.PASS
    assert only(patched(min_lines=3)).verdict == "informs"


@pytest.mark.security
def test_suite_without_a_result_fails(repository: Repository) -> None:
    report = patched()
    assert (only(report).verdict, report.exit) == ("no-data", Exit.GATE)
    assert "covernance run --suite calc" in only(report).reasons[0]


@pytest.mark.security
def test_result_of_another_suite_is_an_error(repository: Repository, measure: Measure) -> None:
    result = msgspec.structs.replace(measure(), suite="auth")
    Path("coverage/calc.snapshot.json").write_bytes(result.encode())
    with pytest.raises(InputError, match="'auth', not of 'calc'"):
        patched()


@pytest.mark.security
@pytest.mark.parametrize("path", [SOURCE, Path("tests/test_calc.py")])
def test_result_older_than_an_edit_is_stale(
    repository: Repository, measure: Measure, path: Path
) -> None:
    measure()
    edit(path, "z = 3\n", LATER)
    report = patched()
    assert (only(report).verdict, report.exit) == ("stale", Exit.GATE)
    assert only(report).reasons[0] == f"{path} was edited after the suite was measured"


@pytest.mark.security
def test_result_of_a_clean_commit_is_valid_for_unchanged_files(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\n", LATER)
    repository.commit()
    measure("1-3", dirty=False)
    assert only(patched()).verdict == "pass"
    assert only(patched()).results[0].counts == Counts(statements=1, executed=1)
    edit(SOURCE, "w = 4\n", EARLIER)
    assert only(patched()).verdict == "stale"
    repository.git("checkout", "--quiet", str(SOURCE))
    edit(Path("README.md"), "x\n", LATER)
    assert only(patched()).verdict == "pass"
    Path("tests/test_calc.py").unlink()
    assert only(patched()).verdict == "stale"


@pytest.mark.security
def test_result_of_another_repository_is_stale(repository: Repository, measure: Measure) -> None:
    result = measure(dirty=False)
    elsewhere = msgspec.structs.replace(result.provenance, commit="1" * 40)
    moved = msgspec.structs.replace(result, provenance=elsewhere)
    Path("coverage/calc.snapshot.json").write_bytes(moved.encode())
    assert only(patched()).verdict == "stale"
    assert "commit 111111111111, which is not in this repository" in only(patched()).reasons[0]


@pytest.mark.security
def test_content_with_an_earlier_time_is_stale(repository: Repository, measure: Measure) -> None:
    measure()
    edit(SOURCE, "z = 3\n", EARLIER)
    assert only(patched()).verdict == "stale"


def test_floor_and_minimum_of_lines_come_from_the_table(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\nw = 4\n")
    repository.write("pyproject.toml", TABLE + "patch-fail-under = 50\n")
    measure("1-3", "4")
    context = context_of(Path.cwd())
    suites = context.table.suites
    report = measure_patch(context, suites, "main", local_agent)
    assert only(report).results[0].floor == 50
    assert only(report).verdict == "pass"
    strict = measure_patch(
        context,
        suites,
        "main",
        local_agent,
        fail_under=suites[0].fail_under,
    )
    assert only(strict).verdict == "informs"
