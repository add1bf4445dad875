from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from covernance import results
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from tests.utils.contexts import context_of
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture


Put = Callable[[Snapshot], None]


@pytest.fixture
def put(repository: Repository) -> Put:
    def write(result: Snapshot) -> None:
        path = Layout(repository.root).snapshot("calc")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(result.encode())

    return write


def test_one_result_per_suite_of_the_table_is_read(
    repository: Repository, snapshot: Snapshot, put: Put
) -> None:
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    put(result)
    assert results.read_results(context_of(repository.root)) == {"calc": result}


@pytest.mark.security
def test_a_result_of_other_content_has_the_verdict_stale(
    repository: Repository, snapshot: Snapshot, put: Put
) -> None:
    put(measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root))
    repository.append("calc/__init__.py", "x = 1\n")
    (result,) = results.read_results(context_of(repository.root)).values()
    assert result is not None
    assert (result.verdict, result.reasons) == (
        "stale",
        (
            "calc/__init__.py was edited after the suite was measured",
            "run `covernance run --suite calc` again",
        ),
    )


@pytest.mark.reliability
def test_a_suite_without_a_snapshot_has_no_result(repository: Repository) -> None:
    assert results.read_results(context_of(repository.root)) == {"calc": None}


@pytest.mark.reliability
def test_a_damaged_snapshot_is_an_error(repository: Repository, put: Put) -> None:
    path = Layout(repository.root).snapshot("calc")
    path.parent.mkdir()
    path.write_bytes(b"{")
    with pytest.raises(InputError, match="is not a snapshot, or is damaged"):
        results.read_results(context_of(repository.root))


@pytest.mark.security
def test_the_result_of_another_suite_is_rejected(
    repository: Repository, snapshot: Snapshot, put: Put
) -> None:
    put(snapshot)
    with pytest.raises(InputError, match="holds the result of 'api', not of 'calc'"):
        results.read_results(context_of(repository.root))
