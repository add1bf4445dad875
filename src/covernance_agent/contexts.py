"""Contexts of single tests: `<theme>|run|<node id>`, beside `<theme>` and `<theme>|run`.

coverage.py documents the tables that are changed here: https://coverage.readthedocs.io/dbschema.html
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal

from coverage import CoverageData

from covernance.model.context_name import RUN

Contexts = Literal["theme", "test"]
"""What has a context of its own in a run: each theme, or within it each test."""

_MARK = f"|{RUN}|"

# The theme's own context, for one of a single test.
_WHOLE = f"substr(context, 1, instr(context, '{_MARK}') + {len(_MARK) - 2})"
_MERGE = f"""
    pragma journal_mode = off;
    pragma synchronous = off;
    create temporary table moved as select id, {_WHOLE} as whole
        from context where instr(context, '{_MARK}');
    insert or ignore into context (context) select distinct whole from moved;
    create temporary table target as select moved.id, context.id as whole
        from moved join context on context.context = moved.whole;
    create unique index temp.moved_to on target (id);
    create temporary table merged as
        select distinct file_id, coalesce(target.whole, context_id) as context_id, fromno, tono
        from arc left join target on target.id = context_id;
    delete from arc;
    insert into arc (file_id, context_id, fromno, tono)
        select file_id, context_id, fromno, tono from merged;
    delete from context where id in (select id from target);
    vacuum;
"""  # noqa: S608 - made of constants


def options(contexts: Contexts) -> tuple[str, ...]:
    """What the layer's pytest plugin is told; nothing for what is usual."""
    return () if contexts == "theme" else (f"--covernance-contexts={contexts}",)


def split(context: str) -> tuple[str, str]:
    """The theme's own part of a context, `<theme>` or `<theme>|run`, and the node id or ``""``."""
    whole, mark, nodeid = context.partition(_MARK)
    return (f"{whole}|{RUN}", nodeid) if mark else (context, "")


def take_tests(data_file: Path, target: Path) -> bool:
    """Move what is known of single tests out of combined data with branches.

    `target` becomes a copy of the data as it was; in `data_file` what a test executed is its
    theme's from here on, as in a run without contexts of tests.

    Returns whether there was any; without, nothing is written.
    """
    with closing(CoverageData(basename=str(data_file))) as data:
        data.read()
        if not any(_MARK in context for context in data.measured_contexts()):
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data_file, target)
    with closing(sqlite3.connect(data_file)) as connection:
        connection.executescript(_MERGE)
    return True


def by_line(data_file: Path, path: str) -> dict[int, frozenset[str]]:
    """The contexts that executed each line of a file, which need not begin a statement."""
    with closing(CoverageData(basename=str(data_file))) as data:
        data.read()
        return {line: frozenset(found) for line, found in data.contexts_by_lineno(path).items()}
