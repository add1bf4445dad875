"""Generate Codecov's configuration from the table."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Suite, Table
from covernance.errors import InputError
from covernance.reports.charts import environment
from covernance.shell import diffs

NAME = "codecov.yml"
"""The file's name; Codecov reads it from the repository's root."""


class _Flag(msgspec.Struct, frozen=True):
    """A suite as a flag in codecov.yml; percentages have no percent sign."""

    name: str
    floor: str
    max_drop: str
    patch_floor: str
    paths: tuple[str, ...]


def render(table: Table) -> str:
    """Return the file's text: one flag per suite, with floor, drop limit and patch floor."""
    flags = [_flag(suite, table.root) for suite in table.suites]
    return environment().get_template("codecov.yml.j2").render(suites=flags)


def diff(table: Table) -> str:
    """Return what `write` would change as a unified diff, or "" if the file is up to date.

    Raises:
        InputError: The file can't be read.
    """
    path = table.root / NAME
    try:
        before = path.read_bytes().decode() if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{NAME}: can't be read: {error}"
        raise InputError(msg) from error
    return diffs.unified(NAME, before, render(table))


def write(table: Table) -> None:
    """Write the file atomically.

    Raises:
        MachineError: It can't be written.
    """
    files.write_atomic(table.root / NAME, render(table).encode())


def _flag(suite: Suite, root: Path) -> _Flag:
    return _Flag(
        name=suite.name,
        floor=f"{suite.fail_under:f}",
        max_drop=f"{suite.max_drop:f}",
        patch_floor=f"{suite.patch_fail_under:f}",
        # Codecov treats a path as a prefix: without the slash, apps/api matches apps/api_old.py.
        paths=tuple(f"{path}/" if (root / path).is_dir() else path for path in suite.source),
    )
