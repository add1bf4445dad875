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
def test_second_digest_has_the_same_bytes() -> None:
    written = [
        "wrote docs/metrics/coverage-calc.svg",
        "wrote docs/metrics/coverage-weekly.json",
        "wrote docs/metrics/coverage-weekly.md",
    ]
    assert out().splitlines() == written
    first = {path: path.read_bytes() for path in Path("docs/metrics").iterdir()}
    assert out("--since", "7d").splitlines() == written
    assert {path: path.read_bytes() for path in Path("docs/metrics").iterdir()} == first


@pytest.mark.usefixtures("_recorded")
def test_dry_run_prints_and_writes_nothing() -> None:
    assert out("--dry-run").startswith("# Coverage digest\n")
    document = json.loads(out("--dry-run", "--format", "json"))
    assert document["since"] == "2026-11-14T12:00:00Z"
    assert not Path("docs").exists()


@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize(
    ("span", "since"), [("12h", "2026-11-22T12:00:00Z"), ("2w", "2026-11-09T00:00:00Z")]
)
def test_length_and_end_of_the_period_can_be_chosen(span: str, since: str) -> None:
    digest = json.loads(
        out(
            "--since", span, "--until", "2026-11-23T01:00:00+01:00", "--dry-run", "--format", "json"
        )
    )
    assert digest["since"] == since


@pytest.mark.reliability
@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "7"), "--since: '7' is not a length of time"),
        (("--since", "0d"), "--since: '0d' is not a length of time"),
        (("--until", "today"), "--until: 'today' is not a time"),
        (("--until", "2026-11-23"), "--until: '2026-11-23' is not a time"),
        (("--branch", "gone"), "history: no results on branch 'gone'"),
    ],
)
def test_invalid_arguments_are_errors(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert message in str(error.value)
