from __future__ import annotations

import pytest

from covernance.agent.sources import SourceStatements, read_settings_texts

pytestmark = pytest.mark.architecture

SOURCE = SourceStatements(spans=[(3, 5)], must_run="1,3")


def test_a_line_within_a_statement_maps_to_its_first_line() -> None:
    assert SOURCE.first_lines({1, 4, 5, 6}) == {1, 3, 6}


def test_only_statements_that_must_run_are_required() -> None:
    assert SOURCE.required({1, 4, 6}) == {1, 3}


def test_every_line_is_required_if_statements_are_unknown() -> None:
    assert SourceStatements(spans=[(3, 5)]).required({1, 4}) == {1, 3}


def test_settings_are_read_in_coverage_pys_order() -> None:
    texts = {"pyproject.toml": "p", ".coveragerc": "", "other": "x"}
    assert [*read_settings_texts(texts.get).items()] == [
        (".coveragerc", ""),
        ("pyproject.toml", "p"),
    ]
