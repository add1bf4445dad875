from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.errors import Exit, InputError
from covernance.integrity import command as integrity
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.exceptions.register_samples import document, line
from tests.utils.repository import TABLE, Repository

pytestmark = pytest.mark.architecture

LOWERED = TABLE.replace("fail-under = 90", "fail-under = 80")
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _start(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_today", lambda: TODAY)
    repository.commit_first()


def call(*arguments: str, allow: str = "") -> Result:
    return CliRunner().invoke(
        integrity.command,
        arguments,
        standalone_mode=False,
        catch_exceptions=False,
        env={"COVERAGE_ALLOW": allow},
    )


def test_nothing_changed_is_no_finding(repository: Repository) -> None:
    ran = call()
    head = repository.git("rev-parse", "HEAD")
    assert ran.stdout == f"changes since {head[:12]}\nintegrity: 0 findings, 0 not allowed\n"
    assert ran.return_value is Exit.PASS


def test_a_lowered_floor_is_reported_and_blocks(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    ran = call("--base", "main")
    assert ran.stdout.splitlines()[1:] == [
        "fail-under: floor-lowered: 90 -> 80",
        "integrity: 1 finding, 1 not allowed",
    ]
    assert ran.return_value is Exit.GATE


@pytest.mark.parametrize(
    ("arguments", "allow"),
    [
        (("--allow", "floor-lowered"), ""),
        (("--allow", "pragma-added", "--allow", "floor-lowered"), ""),
        ((), "floor-lowered"),
        ((), " pragma-added , floor-lowered,"),
    ],
)
def test_what_is_allowed_is_still_reported(
    repository: Repository, arguments: tuple[str, ...], allow: str
) -> None:
    repository.write("pyproject.toml", LOWERED)
    ran = call(*arguments, allow=allow)
    assert "fail-under: floor-lowered: 90 -> 80 (allowed by label)\n" in ran.stdout
    assert "integrity: 1 finding, 0 not allowed" in ran.stdout
    assert ran.return_value is Exit.PASS


@pytest.mark.security
@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ("bug,allow-floor-lowered", Exit.PASS),
        ("allow-pragma-added, floor-lowered ,allow-floor-lowered-not,allow-all", Exit.GATE),
    ],
)
def test_a_label_of_the_change_allows_its_kind_alone(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, labels: str, code: Exit
) -> None:
    repository.write("pyproject.toml", LOWERED)
    monkeypatch.setenv("COVERAGE_LABELS", labels)
    assert call().return_value is code


@pytest.mark.security
def test_another_kind_that_is_allowed_changes_nothing(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    assert call("--allow", "pragma-added").return_value is Exit.GATE


@pytest.mark.reliability
def test_a_kind_that_is_none_is_told(repository: Repository) -> None:
    with pytest.raises(InputError, match="COVERAGE_ALLOW: unknown kind 'all'; use one of: floor"):
        call(allow="all,floor-lowered")
    with pytest.raises(click.BadParameter, match="floor-lowered"):
        call("--allow", "all")


@pytest.mark.security
def test_a_row_of_the_register_waives_its_file_until_its_day(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = line(module="`calc/__init__.py`", suite="calc", current="75.00 / 90")
    register = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
    repository.append("calc/__init__.py", "z = 3  # pragma: no cover\n")
    (repository.root / register).parent.mkdir(parents=True)
    (repository.root / register).write_text(document(row), encoding="utf-8")
    ran = call()
    assert "(allowed by exception register: calc/__init__.py)" in ran.stdout
    assert ran.return_value is Exit.PASS
    monkeypatch.setattr(integrity, "_today", lambda: date(2030, 1, 1))
    assert call().return_value is Exit.GATE


def test_the_same_as_json(repository: Repository) -> None:
    repository.append("calc/__init__.py", "z = 3  # pragma: no cover\n")
    ran = call("--format", "json")
    found = json.loads(ran.stdout)
    assert (found["exit"], ran.return_value) == (2, Exit.GATE)
    assert found["findings"] == [
        {
            "allowed_by": None,
            "finding": {
                "kind": "pragma-added",
                "where": "calc/__init__.py:3",
                "before": "0 × no cover",
                "after": "1 × no cover",
                "subjects": ["calc/__init__.py"],
            },
        }
    ]


def test_a_soft_start_reports_and_passes_loudly(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    ran = call("--soft")
    assert "floor-lowered" in ran.stdout
    assert "SOFT" in ran.stderr
    assert ran.return_value is Exit.PASS
    as_json = call("--soft", "--format", "json")
    assert json.loads(as_json.stdout)["exit"] == 2
    assert as_json.return_value is Exit.PASS


@pytest.mark.security
def test_a_base_to_compare_with_needs_a_result(
    repository: Repository, snapshot: Snapshot, tmp_path: Path
) -> None:
    base = tmp_path / "base.json"
    base.write_bytes(msgspec.structs.replace(snapshot, suite="calc").encode())
    ran = call("--base-snapshot", str(base))
    assert "calc: no-data: no result of this suite; run `covernance run --suite calc`" in ran.stdout
    assert ran.return_value is Exit.GATE
