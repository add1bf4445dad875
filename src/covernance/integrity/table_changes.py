"""Find changes that weaken the table, by the declaration of each key in `covernance.config`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import GenericAlias
from typing import Any, TypeGuard

import msgspec

from covernance.config.keys import Declaration
from covernance.config.kinds import (
    FLOORS_BY_FILE,
    SOURCES,
    TEST_PATHS,
    TEXTS,
    THEMES,
    Weakening,
)
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS
from covernance.errors import ConfigError
from covernance.integrity.findings import NONE, Finding, Kind, find_removed
from covernance.model.paths import is_below

Address = tuple[str, ...]
"""A place in the table: `("suites", "api", "fail-under")`."""

_Places = Mapping[Address, tuple[Declaration, ...]]

_SUITE_KEY = len(("suites", "<name>", "<key>"))
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Removal(msgspec.Struct, frozen=True):
    """How the removal of an entry is reported.

    Attributes:
        finding: The kind of finding.
        missing: Finds the entries of the first list that the second lacks.
    """

    finding: Kind
    missing: Callable[[Iterable[str], Iterable[str]], list[str]]


def compare_tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare two versions of `[tool.covernance]` as parsed from TOML.

    The values in force are compared: a suite without its own number inherits that of the table, and
    a table without one uses the default. A removed floor is a finding, a new one is not. If
    `before` is empty, the table is new and weakens nothing.
    """
    if not before:
        return
    old, new = before.get("suites", {}), after.get("suites", {})
    for name in find_removed(old, new):
        yield Finding("suite-removed", f"suites.{name}", name, NONE)
    keys = _keys_by_place(name for name in old if name in new)
    yield from _compare_numbers(before, after, keys)
    yield from _compare_lists(before, after, keys)
    yield from _compare_selections(before, after, keys)
    yield from _compare_governance(before, after, keys)


def check_comparable(document: object, where: str) -> None:
    """Check that a table of any version has the types that the comparison needs.

    Raises:
        ConfigError: A list or a table has another type; the message begins with `where`.
    """
    suites = GenericAlias(dict, (str, _lists_shape(SUITE_KEYS)))
    try:
        msgspec.convert(document, _lists_shape(TABLE_KEYS, ("suites", suites, {})))
    except msgspec.ValidationError as error:
        msg = f"{where}: [tool.covernance]: {error}"
        raise ConfigError(msg) from error


def _lists_shape(keys: Iterable[Declaration], *more: tuple[str, Any, Any]) -> type[msgspec.Struct]:
    lists: list[tuple[str, Any, Any]] = [
        (key.attribute, list[str], [])
        for key in keys
        if key.kind in _REMOVALS or key.weakened_by is Weakening.ADDITION
    ]
    return msgspec.defstruct("Shape", [*lists, *more], rename="kebab")


def _keys_by_place(suites: Iterable[str]) -> dict[Address, tuple[Declaration, ...]]:
    """Return the keys of the table, of its sections and of some of its suites."""
    places: dict[Address, tuple[Declaration, ...]] = {(): TABLE_KEYS}
    places |= {(section,): keys for section, keys in SECTION_KEYS.items()}
    return places | {("suites", suite): SUITE_KEYS for suite in suites}


def _compare_numbers(
    before: Mapping[str, Any], after: Mapping[str, Any], places: _Places
) -> Iterator[Finding]:
    for place, keys in places.items():
        for key in keys:
            if key.weakened_by not in (Weakening.LOWER, Weakening.HIGHER):
                continue
            address = (*place, key.name)
            for leaf in sorted({*_numbers(before, address), *_numbers(after, address)}):
                was, now = _in_force(before, leaf, key), _in_force(after, leaf, key)
                if was is not None and (kind := _weakened(key, was, now)):
                    shown = NONE if now is None else f"{now}"
                    subjects = leaf[-1:] if key.kind is FLOORS_BY_FILE else ()
                    yield Finding(kind, _shown(leaf), f"{was}", shown, subjects)


def _weakened(key: Declaration, was: Decimal, now: Decimal | None) -> Kind | None:
    """Return the kind of finding if a changed number demands less; None demands nothing."""
    if key.weakened_by is Weakening.HIGHER:
        return "limit-raised" if now is None or now > was else None
    return "floor-lowered" if now is None or now < was else None


def _numbers(table: Mapping[str, Any], address: Address) -> Iterator[Address]:
    """Yield the addresses of a key's numbers: its own, or one below it per name."""
    value = _value(table, address)
    if _is_number(value):
        yield address
    elif isinstance(value, Mapping):
        yield from ((*address, name) for name in value if _is_number(value[name]))


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    """Whether a value can be in force; the table of the base was not checked."""
    return isinstance(value, int | Decimal) and Decimal(value).is_finite()


def _in_force(table: Mapping[str, Any], address: Address, key: Declaration) -> Decimal | None:
    """Return the number in force at an address: its own, the inherited one, or None."""
    value = _value(table, address)
    if _is_number(value):
        return Decimal(value)
    if (general := _inherited_from(address, key)) and _value(table, address[:_SUITE_KEY]) is None:
        return _in_force(table, general, key)
    if not key.kind.by_name:
        return Decimal(key.default)
    for other in SUITE_KEYS:
        if other.name == key.key.fallback:
            return _in_force(table, (*address[:-2], other.name), other)
    return None


def _compare_lists(
    before: Mapping[str, Any], after: Mapping[str, Any], places: _Places
) -> Iterator[Finding]:
    for place, keys in places.items():
        for key in keys:
            address = (*place, key.name)
            unwritten = _value(before, address) is None and _value(after, address) is None
            if unwritten or (removal := _REMOVALS.get(key.kind)) is None:
                continue
            was, now = _entries(before, address, key), _entries(after, address, key)
            for entry in removal.missing(was, now):
                yield Finding(removal.finding, _shown(address), entry, NONE)


def _compare_selections(
    before: Mapping[str, Any], after: Mapping[str, Any], places: _Places
) -> Iterator[Finding]:
    """Find tests that a suite selects no more; which ones is known only when it runs."""
    for place, keys in places.items():
        for key in keys:
            address = (*place, key.name)
            if key.weakened_by is Weakening.ADDITION:
                was, now = _entries(before, address, key), _entries(after, address, key)
                for entry in _removed_paths(now, was):
                    yield Finding("selection-narrowed", _shown(address), NONE, entry)
            elif key.weakened_by is Weakening.CHANGE and not key.key.governs:
                old, new = _value(before, address), _value(after, address)
                if new is not None and new != old:
                    shown = NONE if old is None else f"{old}"
                    yield Finding("selection-narrowed", _shown(address), shown, f"{new}")


def _compare_governance(
    before: Mapping[str, Any], after: Mapping[str, Any], places: _Places
) -> Iterator[Finding]:
    """Find other values of keys that decide how and by whom a change is judged."""
    for place, keys in places.items():
        for key in keys:
            if not key.key.governs or key.weakened_by is not Weakening.CHANGE:
                continue
            address = (*place, key.name)
            was, now = (_written(table, address, key) for table in (before, after))
            if was != now:
                yield Finding("governance-changed", _shown(address), was or NONE, now or NONE)


def _written(table: Mapping[str, Any], address: Address, key: Declaration) -> str:
    """Return the text in force at an address: its own, or the default."""
    value = _value(table, address)
    return str(key.default or "" if value is None else value)


def _entries(table: Mapping[str, Any], address: Address, key: Declaration) -> Iterable[str]:
    """Return the list in force at an address: its own, or the inherited one."""
    value = _value(table, address)
    if value is None and (general := _inherited_from(address, key)):
        value = _value(table, general)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _inherited_from(address: Address, key: Declaration) -> Address:
    """Return the address from which a suite inherits a missing value; empty if there is none."""
    return address[2:] if key.key.inherits and _suite(address) else ()


def _suite(address: Address) -> Address:
    """Return the suite's name if the address is in a suite."""
    return address[1:2] if address[:1] == ("suites",) else ()


def _value(table: Mapping[str, Any], address: Address) -> object:
    value: object = table
    for part in address:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _removed_paths(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Return the paths of `before` that are not below any path of `after`, sorted."""
    remaining = tuple(after)
    return sorted(path for path in before if not is_below(path, remaining))


_REMOVALS = {
    THEMES: _Removal("theme-removed", find_removed),
    SOURCES: _Removal("source-removed", _removed_paths),
    TEST_PATHS: _Removal("tests-path-removed", _removed_paths),
    TEXTS: _Removal("governance-changed", find_removed),
}


def _shown(address: Address) -> str:
    """Write an address as in TOML."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in address)
