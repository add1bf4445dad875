"""Describe values of a wrong type in the words of TOML instead of those of the decoder."""

from __future__ import annotations

import re

_TYPES = {
    "array": "a list",
    "bool": "true or false",
    "date": "a date",
    "datetime": "a date and time",
    "decimal": "a number with a fraction",
    "float": "a number with a fraction",
    "int": "a whole number",
    "object": "a table",
    "str": "text",
    "time": "a time",
}
_EXPECTED = re.compile(r"Expected `(.+?)`(?: of length)?(?: (>=|<=) (\d+))?(?:, got `(.+?)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_BOUNDS = {">=": "at least", "<=": "at most"}


def describe(error: str) -> str:
    """Rephrase the text of a validation error of msgspec; other texts stay as they are."""
    if unknown := _UNKNOWN.fullmatch(error):
        return f"unknown key {unknown[1]!r}"
    if missing := _MISSING.fullmatch(error):
        return f"the key {missing[1]!r} is missing"
    if expected := _EXPECTED.fullmatch(error):
        kind, bound, number, found = expected.groups()
        if kind == "str" and bound:
            return "must not be empty"
        wanted = _name(kind) + (f" of {_BOUNDS[bound]} {number}" if bound else "")
        return f"must be {wanted}" + (f", not {_name(found)}" if found else "")
    return f"{error[0].lower()}{error[1:]}"


def name_type(value: object) -> str:
    """The type of a value that was read from TOML."""
    kind = {"list": "array", "dict": "object"}.get(type(value).__name__, type(value).__name__)
    return _name(kind.lower())


def _name(kind: str) -> str:
    return _TYPES.get(kind, kind)
