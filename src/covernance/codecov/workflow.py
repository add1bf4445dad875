"""Generate Codecov's configuration from the table."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Suite, Table
from covernance.errors import InputError
from covernance.git.place import Place, find_place
from covernance.reports.charts import environment
from covernance.shell import diffs

NAME = "codecov.yml"
"""The file's name; Codecov reads it from the root of the git repository."""

_NAMES = tuple(f"{folder}{dot}{NAME}" for folder in ("", ".github/", "dev/") for dot in ("", "."))
"""All paths from which Codecov reads its configuration.

https://docs.codecov.com/docs/codecov-yaml
"""


class _Flag(msgspec.Struct, frozen=True):
    """A suite as a flag in codecov.yml; percentages have no percent sign."""

    name: str
    floor: str
    max_drop: str
    patch_floor: str
    paths: tuple[str, ...]


def render(table: Table) -> str:
    """Return the file's text: one flag per suite, with floor, drop limit and patch floor."""
    return _render(table, find_place(table.root))


def diff(table: Table) -> str:
    """Return what `write` would change as a unified diff, or "" if the file is up to date.

    Raises:
        InputError: The file can't be read.
    """
    place = find_place(table.root)
    return diffs.unified(NAME, _read(place.top / NAME), _render(table, place))


def write(table: Table) -> str:
    """Write the file atomically, and return its path relative to the table's folder.

    Raises:
        MachineError: It can't be written.
    """
    place = find_place(table.root)
    files.write_atomic(place.top / NAME, _render(table, place).encode())
    return os.path.relpath(place.top / NAME, table.root)


def protect(table: Table) -> None:
    """Make sure that no file is replaced that was not generated from this table.

    Raises:
        InputError: Codecov's configuration was written by hand, or generated from another table.
    """
    place = find_place(table.root)
    generated, _, _ = _render(table, place).partition("\n")
    for name in _NAMES:
        before = _read(place.top / name)
        if before is not None and (name != NAME or not before.startswith(f"{generated}\n")):
            msg = (
                f"{name}: was not generated from this table, so it is not replaced; `covernance "
                "codecov --dry-run` prints what to merge into it. --force writes codecov.yml all "
                "the same"
            )
            raise InputError(msg)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode() if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name}: can't be read: {error}"
        raise InputError(msg) from error


def _render(table: Table, place: Place) -> str:
    template = environment().get_template("codecov.yml.j2")
    flags = [_flag(suite, table.root, place) for suite in table.suites]
    return template.render(suites=flags, pyproject=place.from_top("pyproject.toml"))


def _flag(suite: Suite, root: Path, place: Place) -> _Flag:
    return _Flag(
        name=suite.name,
        floor=f"{suite.fail_under:f}",
        max_drop=f"{suite.max_drop:f}",
        patch_floor=f"{suite.patch_fail_under:f}",
        # Codecov treats a path as a prefix: without the slash, apps/api matches apps/api_old.py.
        paths=tuple(
            place.from_top(path) + ("/" if (root / path).is_dir() else "") for path in suite.source
        ),
    )
