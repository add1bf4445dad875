from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
import pytest

from covernance.config.toml_words import describe, name_type

pytestmark = pytest.mark.reliability


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    paths: Annotated[list[str], msgspec.Meta(max_length=2)] = []
    on: bool = False
    text: Annotated[str, msgspec.Meta(min_length=1)] = "x"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "the key 'name' is missing"),
        ({"name": "a", "nmae": 1}, "unknown key 'nmae'"),
        ({"name": 1}, "must be text, not a whole number"),
        ({"name": Decimal("1.5")}, "must be text, not a number with a fraction"),
        ({"name": "a", "size": 0}, "must be a whole number of at least 1"),
        ({"name": "a", "size": 10}, "must be a whole number of at most 9"),
        ({"name": "a", "paths": {}}, "must be a list, not a table"),
        ({"name": "a", "paths": ["a", "b", "c"]}, "must be a list of at most 2"),
        ({"name": "a", "on": 1}, "must be true or false, not a whole number"),
        ({"name": "a", "text": ""}, "must not be empty"),
        ([], "must be a table, not a list"),
    ],
)
def test_decoders_errors_are_in_the_words_of_toml(document: object, expected: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(document, _Shape)
    assert describe(str(caught.value).partition(" - at ")[0]) == expected


def test_other_errors_stay_as_they_are() -> None:
    assert describe("Invalid enum value 'x'") == "invalid enum value 'x'"


@pytest.mark.parametrize(
    ("value", "name"), [([], "a list"), ({}, "a table"), (1, "a whole number"), ("", "text")]
)
def test_types_have_the_names_of_toml(value: object, name: str) -> None:
    assert name_type(value) == name
