"""What ran, from one scan of coverage data in the order in which it is stored.

coverage.py documents the schema and may change it: another than `SCHEMA` is refused.
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

# As text, a file's steps cost a quarter of what they would as rows; the index has their order.
_ARCS = f"""
    select context_id, group_concat(fromno * {PACKING} + tono) from arc
    where file_id = ? group by context_id
"""  # noqa: S608 - the factor is a number of this module
_LINES = "select context_id, numbits from line_bits where file_id = ?"

_decode = json.JSONDecoder(parse_float=int).decode

_Group = TypeVar("_Group", bound=Hashable)


def scan(
    data_file: Path, group: Callable[[str], _Group], names: Iterable[str]
) -> Iterator[tuple[str, dict[_Group, set[int]]]]:
    """The packed steps of each file of coverage data, for each group of contexts.

    Where branches were not measured, a line is a step from itself to itself. Of a file that the
    data does not know, nothing ran. One file is in memory at a time.

    Args:
        data_file: The data.
        group: Tells the group of a context.
        names: The files, as the data names them.

    Raises:
        InputError: The data is damaged, or of a schema that is not known.
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
        msg = f"coverage data of schema {schema}: this covernance reads schema {SCHEMA}; "
        msg += "install versions of coverage and covernance that fit"
        raise InputError(msg)
    numbers = dict(data.execute("select path, id from file"))
    contexts = data.execute("select id, context from context")
    groups = {number: group(context) for number, context in contexts}
    for name in names:
        found: dict[_Group, set[int]] = {}
        for query, steps in ((_ARCS, _arcs), (_LINES, _lines)):
            for context, content in data.execute(query, [numbers.get(name)]):
                found.setdefault(groups[context], set()).update(steps(content))
        yield name, found


def _arcs(content: str) -> list[int]:
    numbers: list[int] = _decode(f"[{content}]")
    return numbers


def _lines(content: bytes) -> list[int]:
    return [line * PACKING + line for line in numbits_to_nums(content)]
