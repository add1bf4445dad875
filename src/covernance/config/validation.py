"""Check a table parsed from TOML: each key by its declaration, then all suites together."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args

import msgspec

from covernance.config.keys import Declaration, declared_keys
from covernance.config.kinds import SECTION, THEMES
from covernance.config.suggestions import did_you_mean
from covernance.config.table import SUITE_KEYS, TABLE_KEYS, Suite, Table
from covernance.config.toml_words import describe
from covernance.config.value_checks import Surroundings
from covernance.errors import ConfigError

_UNKNOWN = re.compile(r"unknown field `(.+)`")
_NO_CHOICE = re.compile(r"Invalid enum value '(.*)'")
_WHERE = "pyproject.toml: [tool.covernance]"


def check_table(document: Mapping[str, Any], root: Path) -> Table:
    """Check the table of the repository at `root` and fill in the defaults.

    Raises:
        ConfigError: The table has a mistake; the message names the key and its value, and says
            what to do.
    """
    values = _check_keys(TABLE_KEYS, document, _WHERE, Surroundings(root))
    around = Surroundings(root, values["themes"])
    suites = tuple(
        _check_suite(name, entry, around, values) for name, entry in values["suites"].items()
    )
    _reject_shared_sources(suites, root)
    _reject_shared_sessions(suites)
    table_values = {key.attribute: values[key.attribute] for key in declared_keys(Table)}
    return Table(**table_values | {"root": root, "suites": suites})


def _check_suite(
    name: str, entry: object, around: Surroundings, inherited: Mapping[str, Any]
) -> Suite:
    where = f"{_WHERE} suites.{name}"
    return Suite(name=name, **_check_keys(SUITE_KEYS, entry, where, around, inherited))


def _check_keys(
    keys: tuple[Declaration, ...],
    document: object,
    where: str,
    around: Surroundings,
    inherited: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the value of every key by its attribute."""
    raw = _convert(document, keys, where)
    values: dict[str, Any] = {}
    for key in keys:
        value = getattr(raw, key.attribute)
        if value is not msgspec.UNSET:
            value = _check_value(key, value, _join(where, key.name), around)
        elif key.key.inherits and inherited is not None:
            value = inherited[key.attribute]
        else:
            value = key.default
        if key.kind is THEMES:
            around = Surroundings(around.root, value)
        values[key.attribute] = value
    return values


def _check_value(key: Declaration, value: object, where: str, around: Surroundings) -> object:
    if key.kind is SECTION:
        return key.type(**_check_keys(declared_keys(key.type), value, where, around))
    return key.kind.check(value, where, around)


def _convert(document: object, keys: tuple[Declaration, ...], where: str) -> msgspec.Struct:
    """Check the names of keys and the types of their values."""
    try:
        return msgspec.convert(document, _shape(keys))
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        name = path.strip("`").removeprefix("$").removeprefix(".")
        hint = ""
        if unknown := _UNKNOWN.search(text):
            hint = _hint(unknown[1], "known keys", [key.name for key in keys])
        elif wrong := _NO_CHOICE.fullmatch(text):
            choices = next(get_args(key.type) for key in keys if key.name == name)
            hint = _hint(wrong[1], "use one of", choices)
        place = _join(where, name) if name else where
        msg = f"{place}: {describe(text)}{hint}"
        raise ConfigError(msg) from None


def _hint(name: str, label: str, known: Sequence[str]) -> str:
    return did_you_mean(name, known) or f"; {label}: {', '.join(known)}"


@functools.cache
def _shape(keys: tuple[Declaration, ...]) -> type[msgspec.Struct]:
    """Define a struct with these keys, each with its type in TOML."""
    required = [(key.attribute, key.raw) for key in keys if key.required]
    optional = [
        (key.attribute, Union[key.raw, msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007 - a value
        for key in keys
        if not key.required
    ]
    return msgspec.defstruct(
        "Shape", [*required, *optional], rename="kebab", forbid_unknown_fields=True
    )


def _join(where: str, name: str) -> str:
    return f"{where}{' ' if where == _WHERE else '.'}{name}"


def _reject_shared_sources(suites: Sequence[Suite], root: Path) -> None:
    """Reject a file that two suites own, also by two names of which one is a symbolic link."""
    claimed: dict[Path, tuple[str, str]] = {}
    holding: dict[Path, tuple[str, str]] = {}
    for suite in suites:
        for source in suite.source:
            path = (root / source).resolve()
            above = (claimed[folder] for folder in (path, *path.parents) if folder in claimed)
            if other := next(above, holding.get(path)):
                msg = (
                    f"{_WHERE} suites.{suite.name}.source: {source!r} is already claimed by "
                    f"suites.{other[0]}.source ({other[1]!r}); list each folder in one suite only"
                )
                raise ConfigError(msg)
            claimed[path] = (suite.name, source)
            for folder in path.parents:
                holding.setdefault(folder, (suite.name, source))


def _reject_shared_sessions(suites: Sequence[Suite]) -> None:
    identifiers: dict[str, str] = {}
    for suite in suites:
        other = identifiers.setdefault(suite.identifier, suite.name)
        if other != suite.name:
            msg = (
                f"{_WHERE} suites.{suite.name}: has the same session name as {other!r}; rename "
                "one of them"
            )
            raise ConfigError(msg)
