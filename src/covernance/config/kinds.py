"""Kinds of values: how each is checked and described, and which change weakens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from covernance.config.value_checks import (
    RESERVED_SUITES,
    RESERVED_THEMES,
    SUITE_NAME,
    THEME_NAME,
    WHOLE,
    Surroundings,
    check_expression,
    check_number,
    check_numbers_by_file,
    check_numbers_by_theme,
    check_path,
    check_paths,
    check_sources,
    check_suites,
    check_themes,
    check_written_file,
)


class Weakening(StrEnum):
    """A change of a value that demands less of the code."""

    LOWER = "a lower value"
    HIGHER = "a higher value"
    REMOVAL = "a removed entry"
    ADDITION = "an added entry"
    CHANGE = "another value"


class Kind(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A kind of value.

    Attributes:
        name: Its name.
        words: A description of its values, for the reference page.
        check: Checks a value of the right type and returns the value to store. Its arguments are
            the value, the key for error messages, and the surroundings.
        raw: The type of the value in TOML, if it differs from that of the attribute.
        schema: The part of the check, beyond the type, that JSON Schema can express.
        weakened_by: Which change demands less of the code; None if that depends on the key.
        by_name: Whether the value is a table of numbers by name.
    """

    name: str
    words: str
    check: Callable[[Any, str, Surroundings], Any] = lambda value, _where, _around: value
    raw: Any = None
    schema: Mapping[str, Any] = {}
    weakened_by: Weakening | None = None
    by_name: bool = False


_PERCENTAGE = {"type": "number", "minimum": 0, "maximum": WHOLE}
_THEME_SCHEMA = {
    "type": "string",
    "pattern": f"^{THEME_NAME.pattern}$",
    "not": {"enum": RESERVED_THEMES},
}
_INSIDE = r"^(?!/)(?!(.*/)?\.\.(/|$))"
_NUMBERS_BY_THEME = {"propertyNames": _THEME_SCHEMA, "additionalProperties": _PERCENTAGE}
_PATHS = {
    "items": {"type": "string", "pattern": rf"{_INSIDE}[^,]+$"},
    "minItems": 1,
    "uniqueItems": True,
}

FLOOR = Kind(
    name="floor",
    words="a percentage, 0 to 100",
    check=check_number,
    raw=Any,
    schema=_PERCENTAGE,
    weakened_by=Weakening.LOWER,
)
LIMIT = Kind(
    name="limit",
    words="percentage points, 0 to 100",
    check=check_number,
    raw=Any,
    schema=_PERCENTAGE,
    weakened_by=Weakening.HIGHER,
)
FLOORS_BY_THEME = Kind(
    name="floors by theme",
    words="a table: theme to percentage",
    check=check_numbers_by_theme,
    raw=dict[str, Any],
    schema=_NUMBERS_BY_THEME,
    weakened_by=Weakening.LOWER,
    by_name=True,
)
FLOORS_BY_FILE = Kind(
    name="floors by file",
    words="a table: path or glob to percentage",
    check=check_numbers_by_file,
    raw=dict[str, Any],
    schema={"additionalProperties": _PERCENTAGE},
    weakened_by=Weakening.LOWER,
    by_name=True,
)
LIMITS_BY_THEME = Kind(
    name="limits by theme",
    words="a table: theme to percentage points",
    check=check_numbers_by_theme,
    raw=dict[str, Any],
    schema=_NUMBERS_BY_THEME,
    weakened_by=Weakening.HIGHER,
    by_name=True,
)
THEMES = Kind(
    name="themes",
    words="a list of themes",
    check=check_themes,
    schema={"items": _THEME_SCHEMA, "minItems": 1, "uniqueItems": True},
    weakened_by=Weakening.REMOVAL,
)
SOURCES = Kind(
    name="sources",
    words="a list of folders or modules",
    check=check_sources,
    schema=_PATHS,
    weakened_by=Weakening.REMOVAL,
)
TEST_PATHS = Kind(
    name="test paths",
    words="a list of folders or files",
    check=check_paths,
    schema=_PATHS,
    weakened_by=Weakening.REMOVAL,
)
IGNORED_PATHS = Kind(
    name="ignored paths",
    words="a list of folders or files",
    check=check_paths,
    schema=_PATHS,
    weakened_by=Weakening.ADDITION,
)
EXPRESSION = Kind(
    name="marker expression",
    words="a marker expression, as for `pytest -m`",
    check=check_expression,
    schema={"pattern": r"\S"},
    weakened_by=Weakening.CHANGE,
)
SUITES = Kind(
    name="suites",
    words="a table: name to suite",
    check=check_suites,
    raw=dict[str, Any],
    schema={
        "propertyNames": {"pattern": f"^{SUITE_NAME.pattern}$", "not": {"enum": RESERVED_SUITES}},
        "minProperties": 1,
    },
    weakened_by=Weakening.REMOVAL,
)
SECTION = Kind(name="section", words="a section", raw=dict[str, Any])
FILE = Kind(
    name="file", words="a path", check=check_path, schema={"pattern": rf"{_INSIDE}[\s\S]+$"}
)
WRITTEN_FILE = Kind(
    name="written file",
    words="a path",
    check=check_written_file,
    schema={"pattern": rf"{_INSIDE}[\s\S]+$"},
)
COUNT = Kind(name="count", words="a whole number")
FLAG = Kind(name="flag", words="true or false")
CHOICE = Kind(name="choice", words="one of a few strings")
TEXT = Kind(name="text", words="a string")
TEXTS = Kind(name="texts", words="a list of strings")
