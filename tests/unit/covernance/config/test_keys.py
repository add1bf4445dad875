from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from covernance.config.keys import Declaration, Key, declared_keys
from covernance.config.kinds import COUNT, FLOOR, TEXT, Kind, Weakening
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS

pytestmark = pytest.mark.architecture

KEYS = [*TABLE_KEYS, *SUITE_KEYS, *(key for keys in SECTION_KEYS.values() for key in keys)]


class Sample(msgspec.Struct, kw_only=True):
    name: str
    least_size: Annotated[Decimal, Key(FLOOR, "Size.", inherits=True)]
    jobs: Annotated[
        Annotated[int, msgspec.Meta(ge=1)], Key(COUNT, "Jobs.", weakened_by=Weakening.HIGHER)
    ]
    python: Annotated[str | None, Key(TEXT, "Where.", harmless="a place")] = None
    files: Annotated[dict[str, Any], Key(TEXT, "Files.", harmless="a sample")] = {}


def test_an_annotation_declares_name_type_default_and_what_weakens() -> None:
    size, jobs, python, files = declared_keys(Sample)
    assert (size.name, size.attribute, size.required) == ("least-size", "least_size", False)
    assert (size.kind, size.raw, size.weakened_by) == (FLOOR, Any, Weakening.LOWER)
    assert (jobs.required, jobs.weakened_by) == (True, Weakening.HIGHER)
    assert jobs.raw == Annotated[int, msgspec.Meta(ge=1)]
    assert (python.raw, python.default, python.weakened_by) == (str, None, None)
    assert files.default == {}


@pytest.mark.security
@pytest.mark.parametrize(
    "arguments",
    [
        (COUNT, {}),
        (FLOOR, {"harmless": "no reason"}),
        (COUNT, {"harmless": "no reason", "weakened_by": Weakening.LOWER}),
        (TEXT, {"harmless": "no reason", "governs": True}),
    ],
)
def test_a_key_declares_what_weakens_it_or_why_nothing_does(
    arguments: tuple[Kind, dict[str, Any]],
) -> None:
    kind, more = arguments
    with pytest.raises(TypeError, match="needs `weakened_by` or `governs`, or `harmless`"):
        Key(kind, "Help.", **more)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_help_is_complete_sentences_without_a_pipe(key: Declaration) -> None:
    assert key.key.help[0].isupper() or key.key.help[0] == "`"
    assert key.key.help.endswith(".")
    assert "|" not in key.key.help


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_optional_key_has_a_default(key: Declaration) -> None:
    required_above = {above.name for above in TABLE_KEYS if above.required}
    has_default = key.default is not msgspec.NODEFAULT
    assert key.required or has_default or (key.key.inherits and key.name in required_above)


def test_a_fallback_is_a_number_key_of_the_suite() -> None:
    names = {key.name for key in SUITE_KEYS if not key.kind.by_name}
    assert {key.key.fallback for key in KEYS if key.key.fallback} <= names
