"""Contexts of single tests, beside those of themes; see `context_name`.

coverage.py documents the tables that are changed here, https://coverage.readthedocs.io/dbschema.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from covernance_agent import fence, public_contexts
from covernance_agent.context_name import MARK
from covernance_agent.data_file import opened
from covernance_agent.lines import encode
from covernance_agent.scan import scan
from covernance_agent.source import unpacked

# SQL: the context of the theme, from the context of one of its tests.
_THEME_CONTEXT = f"substr(context, 1, instr(context, '{MARK}') + {len(MARK) - 2})"
_MERGE = f"""
    pragma journal_mode = off;
    pragma synchronous = off;
    create temporary table moved as select id, {_THEME_CONTEXT} as theme_context
        from context where instr(context, '{MARK}');
    insert or ignore into context (context) select distinct theme_context from moved;
    create temporary table target as select moved.id, context.id as theme_context
        from moved join context on context.context = moved.theme_context;
    create unique index temp.moved_to on target (id);
    create temporary table merged as
        select distinct file_id, fromno, tono,
            coalesce(target.theme_context, context_id) as context_id
        from arc left join target on target.id = context_id;
    delete from arc;
    insert into arc (file_id, context_id, fromno, tono)
        select file_id, context_id, fromno, tono from merged;
    delete from context where id in (select id from target);
    vacuum;
"""  # noqa: S608 - built from constants


def names_tests(data_file: Path) -> bool:
    """Whether coverage data has contexts of single tests."""
    with opened(data_file) as data:
        data.read()
        return any(MARK in context for context in data.measured_contexts())


def lines_by_context(data_file: Path) -> dict[str, dict[str, str]]:
    """For each file of coverage data, the lines that each context executed.

    These are the lines that Python reported; a line need not begin a statement.
    """
    if not fence.is_known():
        return public_contexts.lines_by_context(data_file)
    with opened(data_file) as data:
        data.read()
        names = sorted(data.measured_files())
    return {
        name: {context: _lines(steps) for context, steps in sorted(ran.items())}
        for name, ran in scan(data_file, str, names)
    }


def merge_tests(data_file: Path) -> None:
    """Merge the contexts of single tests into those of their themes, in combined branch data."""
    if not fence.is_known():
        public_contexts.merge_tests(data_file)
        return
    with closing(sqlite3.connect(data_file)) as connection:
        connection.executescript(_MERGE)


def _lines(steps: Iterable[int]) -> str:
    ends = {line for step in steps for line in unpacked(step)}
    return encode(line for line in ends if line > 0)
