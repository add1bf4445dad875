from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from covernance.config import kinds
from covernance.config.kinds import FLOOR, LIMIT, SUITES, THEMES, Kind
from covernance.config.value_checks import (
    RESERVED_SUITES,
    RESERVED_THEMES,
    SUITE_NAME,
    THEME_NAME,
    Surroundings,
)
from covernance.errors import ConfigError

pytestmark = pytest.mark.architecture

NUMBERS = st.integers() | st.decimals() | st.booleans() | st.text()
THEME_NAMES = st.from_regex(THEME_NAME, fullmatch=True) | st.sampled_from(RESERVED_THEMES)
SUITE_NAMES = st.from_regex(SUITE_NAME, fullmatch=True) | st.sampled_from(RESERVED_SUITES)
WORDS = st.text("aB_-.é9", max_size=3)


def agree(kind: Kind, value: Any) -> None:  # noqa: ANN401 - any value
    try:
        kind.check(value, "key", Surroundings(Path()))
        accepted = True
    except ConfigError:
        accepted = False
    assert Draft202012Validator(kind.schema).is_valid(value) == accepted


@pytest.mark.parametrize("kind", [FLOOR, LIMIT], ids=lambda kind: kind.name)
@given(value=NUMBERS)
def test_percentage_check_agrees_with_the_schema(kind: Kind, value: object) -> None:
    if not (isinstance(value, Decimal) and value.is_nan()):  # JSON has none
        agree(kind, value)


@given(st.lists(THEME_NAMES | WORDS))
def test_theme_check_agrees_with_the_schema(names: list[str]) -> None:
    agree(THEMES, names)


@given(st.dictionaries(SUITE_NAMES | WORDS, st.just({})))
def test_suite_name_check_agrees_with_the_schema(suites: dict[str, Any]) -> None:
    agree(SUITES, suites)


def test_every_kind_has_a_unique_name_and_a_description() -> None:
    every = [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]
    assert len({kind.name for kind in every}) == len(every) > 10
    assert all(kind.words for kind in every)
