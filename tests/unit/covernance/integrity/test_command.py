from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.errors import Exit, InputError
from covernance.integrity import command as integrity
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.exceptions.register_samples import document, line
from tests.utils.contexts import NOW, start_commands_at
from tests.utils.repository import PYTEST, TABLE, Repository

pytestmark = pytest.mark.architecture

LOWERED = TABLE.replace("fail-under = 90", "fail-under = 80") + PYTEST
BY_SOURCE = (
    "calc: no stored result of the base, so only its sources are compared; "
    "store one on the base branch with `covernance history add`"
)


@pytest.fixture(autouse=True)
def _start(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    start_commands_at(monkeypatch, NOW)
    repository.commit_first()


def call(*arguments: str, allow: str = "") -> Result:
    return CliRunner().invoke(
        integrity.command,
        arguments,
        standalone_mode=False,
        catch_exceptions=False,
        env={"COVERAGE_ALLOW": allow},
    )


def test_unchanged_repository_has_no_findings(repository: Repository) -> None:
    main = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "--create", "feature")
    repository.commit()
    result = call()
    assert result.stdout.splitlines() == [
        f"changes since {main[:12]}",
        BY_SOURCE,
        "integrity: 0 findings, 0 not allowed",
    ]
    assert result.return_value is Exit.PASS


@pytest.mark.security
def test_a_first_commit_has_nothing_to_compare_with(repository: Repository) -> None:
    result = call()
    assert result.stdout.splitlines() == [
        "HEAD is the first commit: there is nothing to compare with",
        "integrity: nothing to compare",
    ]
    assert result.return_value is Exit.PASS
    as_json = call("--format", "json")
    assert json.loads(as_json.stdout)["base"] is None
    assert "HEAD is the first commit" in as_json.stderr


@pytest.mark.security
def test_the_default_branch_is_compared_with_the_commit_before(repository: Repository) -> None:
    start = repository.git("rev-parse", "main")
    repository.git("switch", "--quiet", "main")
    repository.write("pyproject.toml", LOWERED)
    repository.commit()
    result = call()
    assert f"compared with the commit before it, {start[:12]}" in result.stdout
    assert "fail-under: floor-lowered: 90 -> 80" in result.stdout
    assert result.return_value is Exit.GATE


def test_a_lowered_floor_is_reported_and_blocks(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    result = call("--base", "main")
    assert result.stdout.splitlines()[1:] == [
        BY_SOURCE,
        "fail-under: floor-lowered: 90 -> 80",
        "integrity: 1 finding, 1 not allowed",
    ]
    assert result.return_value is Exit.GATE


@pytest.mark.parametrize(
    ("arguments", "allow"),
    [
        (("--allow", "floor-lowered"), ""),
        (("--allow", "pragma-added", "--allow", "floor-lowered"), ""),
        ((), "floor-lowered"),
        ((), " pragma-added , floor-lowered,"),
    ],
)
def test_allowed_finding_is_still_reported(
    repository: Repository, arguments: tuple[str, ...], allow: str
) -> None:
    repository.write("pyproject.toml", LOWERED)
    result = call(*arguments, allow=allow)
    assert "fail-under: floor-lowered: 90 -> 80 (allowed by label)\n" in result.stdout
    assert "integrity: 1 finding, 0 not allowed" in result.stdout
    assert result.return_value is Exit.PASS


@pytest.mark.security
@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ("bug,allow-floor-lowered", Exit.PASS),
        ("allow-pragma-added, floor-lowered ,allow-floor-lowered-not,allow-all", Exit.GATE),
    ],
)
def test_label_allows_only_its_kind(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, labels: str, code: Exit
) -> None:
    repository.write("pyproject.toml", LOWERED)
    monkeypatch.setenv("COVERAGE_LABELS", labels)
    assert call().return_value is code


@pytest.mark.security
def test_allowing_another_kind_has_no_effect(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    assert call("--allow", "pragma-added").return_value is Exit.GATE


@pytest.mark.reliability
def test_unknown_kind_is_an_error(repository: Repository) -> None:
    with pytest.raises(InputError, match="COVERAGE_ALLOW: unknown kind 'all'; use one of: floor"):
        call(allow="all,floor-lowered")
    with pytest.raises(click.BadParameter, match="floor-lowered"):
        call("--allow", "all")


@pytest.mark.security
def test_register_row_waives_its_file_until_its_review_date(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = line(module="`calc/__init__.py`", suite="calc", current="75.00 / 90")
    register = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
    repository.write(register, document(row))
    repository.commit()
    repository.append("calc/__init__.py", "z = 3  # pragma: no cover\n")
    result = call()
    waiver = "calc/__init__.py (@a, until 2027-01-01)"
    assert f"(allowed by exception register: {waiver})" in result.stdout
    assert result.return_value is Exit.PASS
    start_commands_at(monkeypatch, datetime(2030, 1, 1, tzinfo=UTC))
    assert call().return_value is Exit.GATE


def test_json_has_the_same_content(repository: Repository) -> None:
    repository.append("calc/__init__.py", "z = 3  # pragma: no cover\n")
    result = call("--format", "json")
    document = json.loads(result.stdout)
    assert (document["exit"], result.return_value) == (2, Exit.GATE)
    assert document["findings"] == [
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


def test_soft_exits_0_and_prints_a_warning(repository: Repository) -> None:
    repository.write("pyproject.toml", LOWERED)
    result = call("--soft")
    assert "floor-lowered" in result.stdout
    assert "SOFT" in result.stderr
    assert result.return_value is Exit.PASS
    as_json = call("--soft", "--format", "json")
    assert json.loads(as_json.stdout)["exit"] == 2
    assert as_json.return_value is Exit.PASS


@pytest.mark.security
def test_base_snapshot_requires_a_current_result(
    repository: Repository, snapshot: Snapshot, tmp_path: Path
) -> None:
    base = tmp_path / "base.json"
    provenance = msgspec.structs.replace(
        snapshot.provenance, commit=repository.git("rev-parse", "HEAD")
    )
    result_of_base = msgspec.structs.replace(snapshot, suite="calc", provenance=provenance)
    base.write_bytes(result_of_base.encode())
    repository.commit()
    result = call("--base-snapshot", str(base))
    assert (
        "calc: no-data: no result of this suite; run `covernance run --suite calc`" in result.stdout
    )
    assert result.return_value is Exit.GATE


@pytest.mark.security
def test_a_register_that_the_change_names_allows_nothing(repository: Repository) -> None:
    rows = document(line(module="`calc/__init__.py`", suite="calc", current="75.00 / 90"))
    register = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
    repository.write(register, rows)
    base = repository.commit()
    repository.append("calc/__init__.py", "z = 3  # pragma: no cover\n")
    assert call("--base", base).return_value is Exit.PASS
    (repository.root / register).unlink()
    repository.write("own.md", rows)
    table = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    own = '\n[tool.covernance.exceptions]\nregister = "own.md"\n'
    repository.write("pyproject.toml", table + own)
    result = call("--base", base)
    assert "allowed by" not in result.stdout
    assert result.return_value is Exit.GATE
