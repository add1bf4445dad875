"""The reference page of `[tool.covernance]`: `docs/reference/table.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec

from covernance.config.keys import Declaration
from covernance.config.kinds import CHOICE, COUNT, SECTION
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS

_INTRODUCTION = """\
# The table: `[tool.covernance]`

<!-- Generated from src/covernance/config/table.py by scripts/generate_reference.py. -->

One table in `pyproject.toml` names suites, themes, sources, floors and limits. An unknown key or a
wrong value is an error (exit 3) that names the key and what to do. The column *weaker* shows which
change of a key `covernance integrity` reports as a weakening; a dash means that none is reported.
The column *base* shows the keys that decide how a change is judged: for a change of these,
`guard`, `patch` and `integrity` use the value at the base, or the new one if it is stricter.
Editors can complete and check the table with
[its JSON schema](../../src/covernance/config/table.schema.json).
"""

_SUITE = """\
The name of a suite consists of lower-case letters, digits, `-` and `_`, and begins with a letter.
"""

_INHERITED = "as in `[tool.covernance]`"


def render_reference() -> str:
    """Render the page as Markdown."""
    return "\n".join(
        (
            _INTRODUCTION,
            *_section("[tool.covernance]", map(_row, TABLE_KEYS)),
            *_section("[tool.covernance.suites.<name>]", map(_suite_row, SUITE_KEYS), _SUITE),
            *(
                line
                for name, keys in SECTION_KEYS.items()
                for line in _section(f"[tool.covernance.{name}]", map(_row, keys))
            ),
        )
    )


def _section(title: str, rows: Iterable[str], text: str = "") -> Iterator[str]:
    yield f"## `{title}`"
    yield text
    yield "| key | value | default | weaker | base | meaning |"
    yield "|---|---|---|---|---|---|"
    yield from rows
    yield ""


def _suite_row(key: Declaration) -> str:
    return _cells(key, _INHERITED if key.key.inherits else _default(key))


def _row(key: Declaration) -> str:
    return _cells(key, _default(key))


def _cells(key: Declaration, default: str) -> str:
    weaker = "—" if key.weakened_by is None else key.weakened_by.value
    base = "yes" if key.key.governs else "—"
    return f"| `{key.name}` | {_value(key)} | {default} | {weaker} | {base} | {key.key.help} |"


def _value(key: Declaration) -> str:
    if key.kind is CHOICE:
        return " or ".join(f"`{_toml(choice)}`" for choice in get_args(key.type))
    if key.kind is COUNT:
        return f"{key.kind.words}, at least {msgspec.json.schema(key.raw)['minimum']}"
    return key.kind.words


def _default(key: Declaration) -> str:
    if key.required:
        return "required"
    if key.key.fallback:
        return f"`{key.key.fallback}`"
    if key.kind is SECTION:
        return "see below"
    if key.default in (None, "", (), {}):
        return "none"
    return f"`{_toml(key.default)}`"


def _toml(value: object) -> str:
    """Write a string, a number or a boolean as TOML does."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
