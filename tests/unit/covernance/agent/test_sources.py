from __future__ import annotations

import pytest

from covernance.agent.sources import (
    SETTINGS_FILES,
    SettingsFiles,
    SourceStatements,
    find_settings_files,
    list_settings_files,
)

pytestmark = pytest.mark.architecture

SOURCE = SourceStatements(spans=[(3, 5)], must_run="1,3")


def test_a_line_within_a_statement_maps_to_its_first_line() -> None:
    assert SOURCE.first_lines({1, 4, 5, 6}) == {1, 3, 6}


def test_only_statements_that_must_run_are_required() -> None:
    assert SOURCE.required({1, 4, 6}) == {1, 3}


def test_every_line_is_required_if_statements_are_unknown() -> None:
    assert SourceStatements(spans=[(3, 5)]).required({1, 4}) == {1, 3}


TEXTS = {"pyproject.toml": "p", ".coveragerc": "", "other": "x", "ci/rc": "r"}


def test_settings_are_read_in_coverage_pys_order() -> None:
    files = find_settings_files(TEXTS.get, {})
    assert [*files.texts.items()] == [(".coveragerc", ""), ("pyproject.toml", "p")]
    assert not files.named
    assert list_settings_files({}) == SETTINGS_FILES


@pytest.mark.parametrize("name", ["ci/rc", "./ci/rc"])
def test_a_named_file_is_read_alone(name: str) -> None:
    files = find_settings_files(TEXTS.get, {"COVERAGE_RCFILE": name})
    assert files == SettingsFiles({name: "r"}, named=True)
    assert list_settings_files({"COVERAGE_RCFILE": name}) == (name,)


def test_without_the_named_file_the_usual_ones_are_read() -> None:
    files = find_settings_files(TEXTS.get, {"COVERAGE_RCFILE": "ci/none"})
    assert files == find_settings_files(TEXTS.get, {})
