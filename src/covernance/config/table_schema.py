"""The JSON schema of `[tool.covernance]`, for editors: `table.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from covernance.config.keys import Declaration, declared_keys
from covernance.config.kinds import SECTION, SUITES
from covernance.config.table import SUITE_KEYS, TABLE_KEYS, Suite, Table

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ID = "urn:covernance:table"


def render_schema() -> str:
    """Render the schema that is shipped as `table.schema.json`.

    It can't express rules that need the file system or several keys: whether a path exists, whether
    a suite's theme is one of the table's, whether two suites share a source.
    """
    schema = {
        "$schema": _DRAFT,
        "$id": _ID,
        "title": "[tool.covernance]",
        **_table(Table, TABLE_KEYS),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _table(struct: type[msgspec.Struct], keys: Iterable[Declaration]) -> dict[str, Any]:
    return {
        "description": (struct.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": {key.name: _with_default(key) for key in keys},
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }


def _suite() -> dict[str, Any]:
    """Return the schema of a suite; an inherited key has no fixed default."""
    suite = _table(Suite, SUITE_KEYS)
    inherited = {key.name: _property(key) for key in SUITE_KEYS if key.key.inherits}
    return suite | {"properties": suite["properties"] | inherited}


def _with_default(key: Declaration) -> dict[str, Any]:
    value = _property(key)
    if isinstance(key.default, int | str | Decimal):
        value["default"] = _plain(key.default)
    return value


def _property(key: Declaration) -> dict[str, Any]:
    if key.kind is SECTION:
        return _table(key.type, declared_keys(key.type))
    value = {"description": key.key.help, **msgspec.json.schema(key.raw), **key.kind.schema}
    return value | {"additionalProperties": _suite()} if key.kind is SUITES else value


def _plain(default: int | str | Decimal) -> int | float | str:
    """Convert a default to JSON, whole numbers without a fraction."""
    if isinstance(default, Decimal):
        return int(default) if default == int(default) else float(default)
    return default
