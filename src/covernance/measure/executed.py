"""What ran, from one scan of coverage data in the order in which it is stored.

coverage.py documents the schema and may change it: another than `SCHEMA` is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from coverage.numbits import numbits_to_nums

from covernance.errors import InputError
from covernance.model.source import PACKING

SCHEMA = 7

# A group's text costs half of what its rows would; the index has the order, nothing is sorted.
_ARCS = f"""
    select file_id, context_id, group_concat(fromno * {PACKING} + tono)
    from arc group by file_id, context_id order by file_id, context_id
"""  # noqa: S608 - the factor is a number of this module
_LINES = "select file_id, context_id, numbits from line_bits order by file_id"

_Group = TypeVar("_Group", bound=Hashable)


def scan(
    data_file: Path, group: Callable[[str], _Group]
) -> Iterator[tuple[str, dict[_Group, set[str]]]]:
    """The packed steps of each file of coverage data, for each group of contexts.

    Where branches were not measured, a line is a step from itself to itself. Files of which
    nothing ran are left out. One file is in memory at a time.

    Args:
        data_file: The data.
        group: Tells the group of a context.

    Raises:
        InputError: The data is damaged, or of a schema that is not known.
    """
    try:
        with closing(sqlite3.connect(f"{data_file.absolute().as_uri()}?mode=ro", uri=True)) as data:
            yield from _scan(data, group)
    except sqlite3.Error as error:
        msg = f"{data_file}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error


def _scan(
    data: sqlite3.Connection, group: Callable[[str], _Group]
) -> Iterator[tuple[str, dict[_Group, set[str]]]]:
    ((schema,),) = data.execute("select version from coverage_schema")
    if schema != SCHEMA:
        msg = f"coverage data of schema {schema}: this covernance reads schema {SCHEMA}; "
        msg += "install versions of coverage and covernance that fit"
        raise InputError(msg)
    paths = dict(data.execute("select id, path from file"))
    contexts = data.execute("select id, context from context")
    groups = {number: group(context) for number, context in contexts}
    for query, steps in ((_ARCS, _arcs), (_LINES, _lines)):
        for number, rows in groupby(data.execute(query), itemgetter(0)):
            found: dict[_Group, set[str]] = {}
            for _, context, content in rows:
                found.setdefault(groups[context], set()).update(steps(content))
            yield paths[number], found


def _arcs(content: str) -> list[str]:
    return content.split(",")


def _lines(content: bytes) -> list[str]:
    return [str(line * PACKING + line) for line in numbits_to_nums(content)]
