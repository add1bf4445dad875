from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from covernance.collect.arrivals import check_checkout, find_arrivals
from covernance.collect.workflow import collect
from covernance.config import Table
from covernance.engine.shard import Shard
from covernance.errors import InputError
from covernance.matrix.jobs import Planned
from covernance.model.snapshot import read
from tests.unit.covernance.collect.conftest import plan_of
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability


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
        check_checkout(context_of(table), complete)


@pytest.mark.security
def test_a_result_of_another_commit_than_is_checked_out_is_rejected(
    measure: Callable[..., Table], arrived: Path, repository: Repository
) -> None:
    table = measure(Shard())
    complete = find_arrivals(arrived, plan_of(table, 1), table).complete
    head = repository.commit_first()
    with pytest.raises(InputError, match=f"at commit None, but this checkout is at {head}"):
        check_checkout(context_of(table), complete)


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


@pytest.mark.security
def test_missing_job_is_named_and_its_suite_is_incomplete(
    measure: Callable[..., Table], arrived: Path
) -> None:
    table = measure(Shard(1, 2))
    arrivals = find_arrivals(arrived, plan_of(table, 2), table)
    assert [job.name for job in arrivals.missing] == ["calc-2-of-2"]
    assert arrivals.complete == ()
    assert collect(context_of(table), arrivals.complete, local_agent) == []
