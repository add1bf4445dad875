from __future__ import annotations

from typing import Any

import msgspec
import pytest

from covernance.integrity.effect_changes import compare_effects, find_moved_sources
from covernance.integrity.findings import Finding
from covernance.model.counts import Counts
from covernance.model.effects import Setting
from covernance.model.snapshot import FileResult, Floor, Snapshot

pytestmark = pytest.mark.security

OMITTED = "left out by omit"


def shown(findings: list[Finding]) -> list[str]:
    return sorted(map(str, findings))


def changed(snapshot: Snapshot, **effects: Any) -> Snapshot:  # noqa: ANN401 - of any attribute
    assert snapshot.effects
    return msgspec.structs.replace(
        snapshot, effects=msgspec.structs.replace(snapshot.effects, **effects)
    )


def excluded(lines: str) -> FileResult:
    return FileResult(total=Counts(), themes={}, excluded_lines=lines)


def test_a_result_is_not_weaker_than_itself(snapshot: Snapshot) -> None:
    assert list(compare_effects(snapshot, snapshot, {})) == []


def test_settings_in_force_are_compared(snapshot: Snapshot) -> None:
    assert snapshot.effects
    coverage = msgspec.structs.replace(snapshot.effects.coverage, omit=("a/*",), branch=False)
    names = {"python_files": Setting(("check_*.py",), "pytest.ini")}
    after = changed(snapshot, coverage=coverage, pytest=names)
    assert shown([*compare_effects(snapshot, after, {})]) == [
        "coverage.py: branch: branch-off: true -> false",
        "coverage.py: omit: exclusion-added: none -> a/*",
        "pytest: python_files: selection-narrowed: test_*.py -> none",
    ]


@pytest.mark.parametrize(
    ("percent", "origin", "number"),
    [("80", "--fail-under", 1), ("95", "--fail-under", 0), ("80", "pyproject.toml", 0)],
)
def test_a_floor_that_was_lowered_outside_of_the_table_is_found(
    snapshot: Snapshot, percent: str, origin: str, number: int
) -> None:
    after = msgspec.structs.replace(snapshot, floor=Floor(percent, origin))
    expected = ["suites.api.fail-under: floor-lowered: 90 -> 80 (from --fail-under)"]
    assert shown([*compare_effects(snapshot, after, {})]) == expected[:number]


def test_sources_that_are_measured_no_more_are_found(snapshot: Snapshot) -> None:
    paths = ("apps/api/main.py", "new.py", "moved.py", "known.py", "still.py")
    before = changed(snapshot, unmeasured={"known.py": OMITTED, "was.py": OMITTED})
    after = changed(snapshot, unmeasured=dict.fromkeys(paths, OMITTED))
    edited = {"new.py": None, "moved.py": "apps/api/main.py", "still.py": "was.py"}
    assert shown([*compare_effects(before, after, edited)]) == [
        f"apps/api/main.py: source-unmeasured: measured -> {OMITTED}",
        f"moved.py: source-unmeasured: measured -> {OMITTED}",
        f"new.py: source-unmeasured: new file -> {OMITTED}",
    ]


def test_more_excluded_lines_of_an_unedited_file_are_found(snapshot: Snapshot) -> None:
    before = msgspec.structs.replace(
        snapshot, files={"a.py": excluded("1-2"), "b.py": excluded("1"), "c.py": excluded("5")}
    )
    after = msgspec.structs.replace(
        snapshot,
        files={"a.py": excluded("1-4"), "b.py": excluded("1-9"), "c.py": excluded("")}
        | {"d.py": excluded("1-9")},
    )
    assert shown([*compare_effects(before, after, {"b.py": "b.py"})]) == [
        "a.py:3-4: exclusion-grew: 2 excluded lines -> 4 excluded lines"
    ]


def test_what_an_older_version_did_not_record_is_not_compared(snapshot: Snapshot) -> None:
    older = msgspec.structs.replace(snapshot, effects=None)
    newer = changed(snapshot, unmeasured={"new.py": OMITTED})
    for pair in ((older, newer), (newer, older)):
        assert list(compare_effects(*pair, {})) == []


def test_code_that_moves_out_of_every_suite_is_found() -> None:
    edited = {
        "tools/a.py": "src/a.py",
        "lib/b.py": "src/b.py",
        "tools/c.py": "tools/d.py",
        "tools/e.py": None,
        "tools/f.txt": "src/f.txt",
    }
    assert shown([*find_moved_sources(edited, {"src"}, {"src", "lib"})]) == [
        "tools/a.py: source-unmeasured: measured as src/a.py -> none"
    ]
