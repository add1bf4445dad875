"""What a change weakens in the table: floors, limits, and what there is of suites and themes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from covernance.integrity.findings import NONE, Finding, Kind, lost
from covernance.model.paths import is_below

Key = tuple[str, ...]
"""A place in the table: `("suites", "api", "fail-under")`."""

_SUITE_KEYS = 2
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FLOORS = {"fail-under", "patch-fail-under", "theme-floors", "file-floors"}
_LIMITS = {"max-drop", "theme-max-drop", "patch-max-drop", "patch-min-lines", "carry-days"}
_DEFAULTS: dict[Key, Decimal] = {
    ("fail-under",): Decimal(90),
    ("patch-fail-under",): Decimal(90),
    ("max-drop",): Decimal(2),
    ("patch-max-drop",): Decimal(2),
    ("patch-min-lines",): Decimal(5),
    ("history", "carry-days"): Decimal(14),
}


def table(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare two versions of `[tool.covernance]` as parsed from TOML.

    A suite without a number of its own has the table's, and the table without one the layer's
    default; a floor that is new is no finding, one that is gone is. A first table, where `before`
    is empty, weakens nothing.
    """
    if not before:
        return
    suites = {name: _suite(after, name) for name in before.get("suites", {})}
    kept = {name for name, suite in suites.items() if suite is not None}
    for name in sorted(suites.keys() - kept):
        yield Finding("suite-removed", f"suites.{name}", name, NONE, (name,))
    yield from _numbers(before, after, kept)
    for theme in lost(before.get("themes", []), after.get("themes", [])):
        yield Finding("theme-removed", "themes", theme, NONE)
    for name in sorted(kept):
        old, new = _suite(before, name) or {}, suites[name] or {}
        for theme in lost(*_own_themes(before, old, after, new)):
            yield Finding("theme-removed", f"suites.{name}.themes", theme, NONE, (name,))
        for path in _lost_paths(old.get("source", []), new.get("source", [])):
            yield Finding("source-removed", f"suites.{name}.source", path, NONE, (name, path))
        for path in _lost_paths(old.get("tests", []), new.get("tests", [])):
            yield Finding("tests-path-removed", f"suites.{name}.tests", path, NONE, (name, path))


def _numbers(
    before: Mapping[str, Any], after: Mapping[str, Any], suites: set[str]
) -> Iterator[Finding]:
    for key in sorted({*_leaves(before), *_leaves(after)}):
        if key[0] == "suites" and key[1] not in suites:
            continue
        was, now = _value(before, key), _value(after, key)
        if was is not None and (kind := _weakened(key, was, now)):
            subjects = (key[1], key[-1]) if key[0] == "suites" else (key[-1],)
            shown = NONE if now is None else f"{now}"
            yield Finding(kind, _shown(key), f"{was}", shown, subjects)


def _weakened(key: Key, was: Decimal, now: Decimal | None) -> Kind | None:
    """Whether a number that changed asks for less than before; without one nothing is asked."""
    if _LIMITS.intersection(key):
        return "limit-raised" if now is None or now > was else None
    if _FLOORS.intersection(key):
        return "floor-lowered" if now is None or now < was else None
    return None


def _leaves(table: Mapping[str, Any], prefix: Key = ()) -> Iterator[Key]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*prefix, name))
        elif isinstance(value, int | Decimal):
            yield (*prefix, name)


def _value(table: Mapping[str, Any], key: Key) -> Decimal | None:
    """The number in force at `key`: its own, else the one that stands in for it.

    A theme's limit falls back to its suite's, a suite's number to the table's, and that to the
    layer's default.
    """
    found: Any = table
    for part in key:
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, int | Decimal):
        return Decimal(found)
    general = _general(key)
    return _value(table, general) if general else _DEFAULTS.get(key)


def _general(key: Key) -> Key:
    """Where the number stands that is in force where there is none at `key`; empty for nowhere."""
    match key:
        case ("suites", suite, "theme-max-drop", _):
            return ("suites", suite, "max-drop")
        case ("suites", _, *rest):
            return tuple(rest)
    return ()


def _suite(table: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = table.get("suites", {}).get(name)
    return found


def _lost_paths(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Paths that no path of `after` holds any more."""
    kept = tuple(after)
    return sorted(path for path in before if not is_below(path, kept))


def _own_themes(
    before: Mapping[str, Any],
    old: Mapping[str, Any],
    after: Mapping[str, Any],
    new: Mapping[str, Any],
) -> tuple[list[str], list[str]]:
    """A suite's themes on both sides; none where it has the table's on both."""
    if "themes" not in old and "themes" not in new:
        return [], []
    own = old.get("themes", before.get("themes", []))
    return own, new.get("themes", after.get("themes", []))


def _shown(key: Key) -> str:
    """A key as TOML writes it."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in key)
