"""The rules that a change is judged by: those of its base, or its own if they are stricter.

Only keys that are declared as `governs` are taken from the base. The other keys describe the code,
and must fit the files that the change leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from covernance.config.keys import Declaration, declared_keys
from covernance.config.kinds import Weakening
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, Suite, Table
from covernance.config.value_checks import Surroundings
from covernance.errors import ConfigError

_CHOOSES_BASE = "default-branch"
"""This key decides what the base is, which is known by now."""


class Governing(msgspec.Struct, frozen=True):
    """The table that a change is judged by.

    Attributes:
        table: The present table, with the governing keys of the base.
        notes: Which values of the present table don't count, one sentence each.
    """

    table: Table
    notes: tuple[str, ...] = ()


class _Difference(NamedTuple):
    """A governing key with two values, and the suite that has it.

    Attributes:
        key: The key.
        now: The value in the change.
        counts: The value that counts instead; None if that of the base can't be read.
        suite: The suite; "" for a key of the whole table.
    """

    key: str
    now: str
    counts: str | None
    suite: str = ""


def govern(present: Table, base: Mapping[str, Any]) -> Governing:
    """Put the governing keys of the base into the present table.

    Of two numbers the stricter one counts. A suite that is new is judged by its own keys, and so is
    a key whose value at the base this version can't read.

    Args:
        present: The present table.
        base: `[tool.covernance]` at the base as it is written, of any version.
    """
    differences: list[_Difference] = []
    changes: dict[str, Any] = {}
    own = [key for key in declared_keys(Table) if key.name != _CHOOSES_BASE]
    changes |= _govern_keys(_Place("", present, own), base, {}, differences)
    for name, keys in SECTION_KEYS.items():
        section = getattr(present, name)
        place = _Place(f"{name}.", section, keys)
        values = _govern_keys(place, _mapping(base.get(name)), {}, differences)
        changes[name] = msgspec.structs.replace(section, **values)
    suites = _mapping(base.get("suites"))
    changes["suites"] = tuple(
        _govern_suite(suite, _mapping(suites[suite.name]), base, differences)
        if suite.name in suites
        else suite
        for suite in present.suites
    )
    return Governing(msgspec.structs.replace(present, **changes), tuple(_notes(differences)))


class _Place(NamedTuple):
    """A table of keys: what its addresses begin with, its present values, and its keys."""

    prefix: str
    present: msgspec.Struct
    keys: Iterable[Declaration]
    suite: str = ""
    themes: tuple[str, ...] = ()


def _govern_suite(
    suite: Suite,
    written: Mapping[str, Any],
    general: Mapping[str, Any],
    differences: list[_Difference],
) -> Suite:
    place = _Place("", suite, SUITE_KEYS, suite.name, suite.themes)
    return msgspec.structs.replace(suite, **_govern_keys(place, written, general, differences))


def _govern_keys(
    place: _Place,
    written: Mapping[str, Any],
    general: Mapping[str, Any],
    differences: list[_Difference],
) -> dict[str, Any]:
    """Return the values that count, by attribute, and add the differences."""
    governing: dict[str, Any] = {}
    at_base: dict[str, Any] = {}
    for key in (key for key in place.keys if key.key.governs):
        now = getattr(place.present, key.attribute)
        try:
            was = at_base[key.attribute] = _read(key, written, general, place.themes)
        except (ConfigError, msgspec.ValidationError):
            name = f"{place.prefix}{key.name}"
            differences.append(_Difference(name, _shown(now), None, place.suite))
            continue
        if key.kind.by_name:
            fallback = key.key.fallback.replace("-", "_")
            limits = (at_base.get(fallback), getattr(place.present, fallback))
            counts = _govern_names(key, place.themes, (was, now), limits)
        else:
            counts = _choose(key, was, now)
        governing[key.attribute] = counts
        differences += _compare(place, key, now, counts)
    return governing


def _govern_names(
    key: Declaration,
    names: Iterable[str],
    values: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
    fallbacks: tuple[Decimal | None, Decimal],
) -> dict[str, Decimal]:
    """Return the number that counts for each name that has one at the base or now."""
    was, now = values
    return {
        name: _choose(key, was.get(name, fallbacks[0]), now.get(name, fallbacks[1]))
        for name in names
        if name in was or name in now
    }


def _choose(key: Declaration, was: Any, now: Any) -> Any:  # noqa: ANN401 - any type of value
    """Return the value that counts: of two numbers the stricter one, else that of the base."""
    if was is None:
        return now
    if key.weakened_by is Weakening.HIGHER:
        return min(was, now)
    return max(was, now) if key.weakened_by is Weakening.LOWER else was


def _read(
    key: Declaration,
    written: Mapping[str, Any],
    general: Mapping[str, Any],
    themes: tuple[str, ...],
) -> Any:  # noqa: ANN401 - any type of value
    """Read a value in force at the base: its own, the inherited one, or the default."""
    value = written.get(key.name, general.get(key.name) if key.key.inherits else None)
    if value is None:
        return key.default
    if key.kind.by_name and isinstance(value, Mapping):
        value = {name: value[name] for name in themes if name in value}
    return key.kind.check(
        msgspec.convert(value, key.raw), key.name, Surroundings(Path(), themes or None)
    )


def _compare(place: _Place, key: Declaration, now: object, counts: object) -> Iterator[_Difference]:
    name = f"{place.prefix}{key.name}"
    if isinstance(now, Mapping) and isinstance(counts, Mapping):
        for theme in counts:
            if now.get(theme) != counts[theme]:
                shown = _shown(now.get(theme))
                yield _Difference(f"{name}.{theme}", shown, _shown(counts[theme]), place.suite)
    elif now != counts:
        yield _Difference(name, _shown(now), _shown(counts), place.suite)


def _notes(differences: Iterable[_Difference]) -> Iterator[str]:
    """Write one sentence per difference; a key that suites inherit is one of all of them."""
    suites: dict[tuple[str, str, str | None], list[str]] = {}
    for difference in differences:
        suites.setdefault(difference[:3], []).append(difference.suite)
    for (key, now, counts), names in suites.items():
        whose = f" ({', '.join(names)})" if any(names) else ""
        if counts is None:
            yield f"{key}{whose} of the base can't be read; {now} of this change counts"
        else:
            yield f"{key}{whose} is {now} in this change; {counts} of the base counts"


def _shown(value: object) -> str:
    if value in (None, "", {}):
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(number)}" for name, number in value.items())
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
