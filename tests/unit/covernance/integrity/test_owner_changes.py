from __future__ import annotations

import pytest

from covernance.integrity.findings import Finding
from covernance.integrity.owner_changes import compare_owners

pytestmark = pytest.mark.security

PATHS = ("pyproject.toml", "CODEOWNERS", "docs/register.md")


def found(before: dict[str, str], after: dict[str, str]) -> list[Finding]:
    def owners(table: dict[str, str], path: str) -> tuple[str, ...]:
        return tuple(table.get(path, "").split())

    return list(
        compare_owners(PATHS, lambda path: owners(before, path), lambda path: owners(after, path))
    )


@pytest.mark.parametrize(
    ("was", "now", "shown"),
    [("@team", "", "none"), ("@team", "@me", "@me"), ("@team", "@team @me", "@me @team")],
)
def test_other_owners_are_a_finding(was: str, now: str, shown: str) -> None:
    assert found({"pyproject.toml": was}, {"pyproject.toml": now}) == [
        Finding("governance-changed", "CODEOWNERS: pyproject.toml", was, shown)
    ]


def test_the_same_owners_or_new_ones_are_none() -> None:
    assert found({"pyproject.toml": "@a @b"}, {"pyproject.toml": "@b @a"}) == []
    assert found({}, {"pyproject.toml": "@me"}) == []


def test_files_that_change_hands_together_are_one_finding() -> None:
    everything = dict.fromkeys(PATHS, "@team")
    (finding,) = found(everything, dict.fromkeys(PATHS, "@me"))
    assert finding.where == "CODEOWNERS: CODEOWNERS and 2 more"
