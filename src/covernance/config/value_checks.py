"""Checks of single values of the table, one function per kind of value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from covernance.config.suggestions import did_you_mean
from covernance.errors import ConfigError

UNTHEMED = "unthemed"
"""The name of the pass for tests without a theme; not a theme itself."""

BASELINE = "baseline"
"""The name under which the combined result of all suites is stored."""

RESULTS = "coverage"
"""The folder of all results, relative to pyproject.toml."""

# `unit` is a tag of nox sessions; the others are keywords of pytest's `-m`, or names in reports.
THEME_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SUITE_NAME = re.compile(r"[a-z][a-z0-9_-]*")
RESERVED_THEMES = sorted((UNTHEMED, "unit", "run", "total", "patch", "and", "or", "not", "default"))
RESERVED_SUITES = sorted(
    (BASELINE, "all", "data", "html", "partial", "parts", "plan", "history", "badges")
)
WHOLE = 100

_MOST_DECIMALS = 1000


class Surroundings(msgspec.Struct, frozen=True):
    """The context that a value is checked in.

    Attributes:
        root: The folder of pyproject.toml, which paths are relative to.
        themes: The allowed themes; None if any name may be declared.
    """

    root: Path
    themes: tuple[str, ...] | None = None


def check_percentage(value: object, where: str) -> Decimal:
    """Return an exact percentage; `where` names its key or option in the error.

    Raises:
        ConfigError: It is not a number from 0 to 100.
    """
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        percentage = Decimal(value)
        if _is_short(percentage) and 0 <= percentage <= WHOLE:
            return Decimal(f"{percentage:f}")  # 1E+1 is shown as 10
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    msg = f"{where}: {shown} is not a percentage; give a number from 0 to 100"
    raise ConfigError(msg)


def _is_short(number: Decimal) -> bool:
    """Whether a number is finite, and can be written out: 1E-999999999 fills the memory."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MOST_DECIMALS


def parse_floor(text: str, where: str) -> Decimal:
    """Read a floor from the text of an option or a variable; `where` names it in the error.

    Raises:
        ConfigError: It is not a number from 0 to 100.
    """
    try:
        value = Decimal(text)
    except ArithmeticError:
        msg = f"{where}: {text!r} is not a number; give a percentage from 0 to 100"
        raise ConfigError(msg) from None
    return check_percentage(value, where)


def check_number(value: object, where: str, _around: Surroundings) -> Decimal:
    """Return a percentage or a number of percentage points."""
    return check_percentage(value, where)


def check_numbers_by_file(
    values: Mapping[str, object], where: str, _around: Surroundings
) -> dict[str, Decimal]:
    """Return percentages by path or glob; the gate reports those that match no file."""
    return {name: check_percentage(value, f"{where}.{name}") for name, value in values.items()}


def check_numbers_by_theme(
    values: Mapping[str, object], where: str, around: Surroundings
) -> dict[str, Decimal]:
    """Return percentages by theme; only the suite's themes may be named."""
    known = around.themes or ()
    for theme in values:
        if theme not in known:
            msg = f"{where}: {theme!r} is not one of the suite's themes"
            raise ConfigError(msg + did_you_mean(theme, known))
    return check_numbers_by_file(values, where, around)


def check_themes(names: Sequence[str], where: str, around: Surroundings) -> tuple[str, ...]:
    """Return themes: names of pytest markers, all allowed, without duplicates."""
    if not names:
        msg = f"{where}: is empty; name at least one theme"
        raise ConfigError(msg)
    for name in names:
        if not THEME_NAME.fullmatch(name) or name in RESERVED_THEMES:
            msg = (
                f"{where}: {name!r} can't be a theme; use letters, digits and _, as for pytest "
                f"markers, and none of {', '.join(RESERVED_THEMES)}"
            )
            raise ConfigError(msg)
        if around.themes is not None and name not in around.themes:
            msg = f"{where}: {name!r} is not one of tool.covernance.themes"
            raise ConfigError(msg + did_you_mean(name, around.themes))
    _reject_duplicates(names, where)
    return tuple(names)


def check_suites(
    entries: Mapping[str, object], where: str, _around: Surroundings
) -> Mapping[str, object]:
    """Return suites by name; only their names are checked."""
    if not entries:
        msg = f"{where}: is empty; add one [tool.covernance.suites.<name>] per component"
        raise ConfigError(msg)
    for name in entries:
        if not SUITE_NAME.fullmatch(name) or name in RESERVED_SUITES:
            msg = (
                f"{where}.{name}: can't be the name of a suite; use lower-case letters, digits, - "
                f"and _, beginning with a letter, and none of {', '.join(RESERVED_SUITES)}"
            )
            raise ConfigError(msg)
    return entries


def check_expression(text: str, where: str, _around: Surroundings) -> str:
    """Return a marker expression; pytest checks its syntax."""
    if not text.strip():
        msg = f"{where}: is empty; give a marker expression, or remove the key"
        raise ConfigError(msg)
    return text.strip()


def check_written_file(path: str, where: str, around: Surroundings) -> str:
    """Return the path of a file inside the repository that need not exist."""
    _reject_outside(path, where)
    if not path or (around.root / path).is_dir():
        msg = f"{where}: {path!r} is a folder; give the path of a file"
        raise ConfigError(msg)
    return path


def check_path(path: str, where: str, around: Surroundings) -> str:
    """Return a path that exists inside the repository."""
    _reject_outside(path, where)
    if not path or not (around.root / path).exists():
        msg = f"{where}: {path!r} does not exist; correct the path or create it"
        raise ConfigError(msg)
    return path


def check_paths(paths: Sequence[str], where: str, around: Surroundings) -> tuple[str, ...]:
    """Return paths that exist inside the repository, normalized and without duplicates."""
    if not paths:
        msg = f"{where}: is empty; name at least one path"
        raise ConfigError(msg)
    for path in paths:
        check_path(path, where, around)
        if Path(path).parts[:1] == (RESULTS,):
            msg = (
                f"{where}: {path!r} is in the folder of results, which does not count as a part of "
                "the checkout; move it"
            )
            raise ConfigError(msg)
        if "," in path:
            msg = (
                f"{where}: {path!r} contains a comma, which coverage.py treats as a separator; "
                "rename it"
            )
            raise ConfigError(msg)
    cleaned = tuple(Path(path).as_posix() for path in paths)
    _reject_duplicates(cleaned, where)
    return cleaned


def check_sources(paths: Sequence[str], where: str, around: Surroundings) -> tuple[str, ...]:
    """Return paths of folders and of single modules."""
    sources = check_paths(paths, where, around)
    for source in sources:
        if not (around.root / source).is_dir() and not source.endswith(".py"):
            msg = f"{where}: {source!r} is neither a folder nor a .py file; name one of these"
            raise ConfigError(msg)
    return sources


def _reject_outside(path: str, where: str) -> None:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        msg = f"{where}: {path!r} is outside the repository; give a path relative to pyproject.toml"
        raise ConfigError(msg)


def _reject_duplicates(values: Sequence[str], where: str) -> None:
    for value in values:
        if values.count(value) > 1:
            msg = f"{where}: {value!r} is listed twice; remove one"
            raise ConfigError(msg)
