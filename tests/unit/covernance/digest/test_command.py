from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from covernance.digest.command import command
from covernance.errors import Exit, InputError
from covernance.history.directory import Directory
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def _recorded(repository: Repository, snapshot: Snapshot) -> None:
    Directory(repository.root / "coverage" / "history").add(
        [msgspec.structs.replace(snapshot, suite="calc")]
    )


def out(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value is Exit.PASS
    return result.stdout


@pytest.mark.usefixtures("_recorded")
def test_twice_gives_the_same_bytes() -> None:
    told = [
        "wrote docs/metrics/coverage-calc.svg",
        "wrote docs/metrics/coverage-weekly.json",
        "wrote docs/metrics/coverage-weekly.md",
    ]
    assert out().splitlines() == told
    first = {path: path.read_bytes() for path in Path("docs/metrics").iterdir()}
    assert out("--since", "7d").splitlines() == told
    assert {path: path.read_bytes() for path in Path("docs/metrics").iterdir()} == first


@pytest.mark.usefixtures("_recorded")
def test_a_dry_run_prints_and_writes_nothing() -> None:
    assert out("--dry-run").startswith("# Coverage digest\n")
    document = json.loads(out("--dry-run", "--format", "json"))
    assert document["since"] == "2026-11-14T12:00:00Z"
    assert not Path("docs").exists()


@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize(
    ("span", "since"), [("12h", "2026-11-22T12:00:00Z"), ("2w", "2026-11-09T00:00:00Z")]
)
def test_the_span_and_its_end_can_be_given(span: str, since: str) -> None:
    told = json.loads(
        out(
            "--since", span, "--until", "2026-11-23T01:00:00+01:00", "--dry-run", "--format", "json"
        )
    )
    assert told["since"] == since


@pytest.mark.reliability
@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "7"), "--since: '7' is no length of time"),
        (("--since", "0d"), "--since: '0d' is no length of time"),
        (("--until", "today"), "--until: 'today' is not a time"),
        (("--until", "2026-11-23"), "--until: '2026-11-23' is not a time"),
        (("--branch", "gone"), "history has no results on branch 'gone'"),
    ],
)
def test_what_can_not_be_told_is_an_error(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert told in str(error.value)
