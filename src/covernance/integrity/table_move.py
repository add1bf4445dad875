"""Find a table that moved to another folder, where it would be compared with nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from covernance.config import PYPROJECT
from covernance.config.pyproject import parse_table
from covernance.errors import ConfigError
from covernance.integrity.exclusions import Texts
from covernance.integrity.findings import Finding


def find_table_move(edited: Iterable[str], before: Texts, after: Texts) -> Iterator[Finding]:
    """Find tables of other folders that are gone, if the one here is new.

    Args:
        edited: The changed files of the whole repository, relative to the root.
        before: The files at the base.
        after: The present files.
    """
    if _has_table(before, PYPROJECT):
        return
    for name in sorted(edited):
        is_table = name.endswith(f"/{PYPROJECT}") and _has_table(before, name)
        if is_table and not _has_table(after, name):
            yield Finding("governance-changed", PYPROJECT, name, PYPROJECT)


def _has_table(texts: Texts, name: str) -> bool:
    try:
        return bool(parse_table(texts(name) or "", name))
    except ConfigError:
        return False
