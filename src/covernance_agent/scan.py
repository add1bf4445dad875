"""Read coverage data in one scan, in the order in which it is stored.

coverage.py documents the schema and may change it; any schema but `SCHEMA` is an error.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from coverage.numbits import numbits_to_nums

from covernance_agent.failures import InputError
from covernance_agent.source import PACKING

SCHEMA = 7

# A step is packed as in `covernance_agent.source`: the line it leaves in the high 32 bits, the line
# it enters added below, so (-1, 7) is -2**32 + 7. SQLite packs and joins the steps of one context
# to one text, "4294967298,8589934595,…", which is then decoded as a JSON array: that takes a
# quarter of the time of reading rows. The rows come in the order of the table's index.
_ARCS = f"""
    select context_id, group_concat(fromno * {PACKING} + tono) from arc
    where file_id = ? group by context_id
"""  # noqa: S608 - the factor is a constant
_LINES = "select context_id, numbits from line_bits where file_id = ?"

_decode = json.JSONDecoder(parse_float=int).decode

_Group = TypeVar("_Group", bound=Hashable)


def scan(
    data_file: Path, group: Callable[[str], _Group], names: Iterable[str]
) -> Iterator[tuple[str, dict[_Group, set[int]]]]:
    """The packed steps of each file in coverage data, per group of contexts.

    If branches were not measured, a line is a step from itself to itself. A file that is not in the
    data has no steps. Only one file is in memory at a time.

    Args:
        data_file: The coverage data.
        group: Returns the group of a context.
        names: The files, by their names in the data.

    Raises:
        InputError: The data is damaged, or has another schema.
    """
    try:
        with closing(sqlite3.connect(f"{data_file.absolute().as_uri()}?mode=ro", uri=True)) as data:
            yield from _scan(data, group, names)
    except (sqlite3.Error, ValueError) as error:
        msg = f"{data_file}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error


def _scan(
    data: sqlite3.Connection, group: Callable[[str], _Group], names: Iterable[str]
) -> Iterator[tuple[str, dict[_Group, set[int]]]]:
    ((schema,),) = data.execute("select version from coverage_schema")
    if schema != SCHEMA:
        msg = f"coverage data has schema {schema}, but covernance reads schema {SCHEMA}; "
        msg += "install compatible versions of coverage and covernance"
        raise InputError(msg)
    numbers = dict(data.execute("select path, id from file"))
    contexts = data.execute("select id, context from context")
    groups = {number: group(context) for number, context in contexts}
    for name in names:
        steps_of: dict[_Group, set[int]] = {}
        for query, decode in ((_ARCS, _arcs), (_LINES, _lines)):
            for context, content in data.execute(query, [numbers.get(name)]):
                steps_of.setdefault(groups[context], set()).update(decode(content))
        yield name, steps_of


def _arcs(content: str) -> list[int]:
    numbers: list[int] = _decode(f"[{content}]")
    return numbers


def _lines(content: bytes) -> list[int]:
    return [line * PACKING + line for line in numbits_to_nums(content)]
