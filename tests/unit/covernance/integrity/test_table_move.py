from __future__ import annotations

from collections.abc import Mapping

import pytest

from covernance.integrity.table_move import find_table_move

pytestmark = pytest.mark.security

TABLE = '[tool.covernance]\nthemes = ["security"]\n'
HERE, ABOVE = "pyproject.toml", "../pyproject.toml"


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    edited = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return [str(finding) for finding in find_table_move(edited, before.get, after.get)]


def test_a_table_that_is_new_here_and_gone_elsewhere_has_moved() -> None:
    finding = f"{HERE}: governance-changed: {ABOVE} -> {HERE}"
    assert moved({ABOVE: TABLE}, {HERE: TABLE}) == [finding]
    assert moved({ABOVE: TABLE}, {HERE: TABLE, ABOVE: "[project]\n"}) == [finding]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {HERE: TABLE}),
        ({ABOVE: TABLE}, {ABOVE: TABLE, HERE: TABLE}),
        ({ABOVE: TABLE, HERE: TABLE}, {HERE: TABLE}),
        ({ABOVE: "[project]\n"}, {HERE: TABLE}),
        ({ABOVE: "["}, {HERE: TABLE}),
    ],
)
def test_a_new_table_beside_others_has_not(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    assert moved(before, after) == []
