from __future__ import annotations

from pathlib import Path

import pytest

from covernance.config.keys import Declaration
from covernance.config.stores import STORES
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS
from covernance.config.table_reference import render_reference

pytestmark = pytest.mark.architecture

STORE_CHOICES = " or ".join(f'`"{name}"`' for name in STORES)
PAGE = Path(__file__).parents[4] / "docs/reference/table.md"


def test_the_committed_page_is_up_to_date() -> None:
    message = "run `python scripts/generate_reference.py`"
    assert PAGE.read_text(encoding="utf-8") == render_reference(), message


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("[tool.covernance]", TABLE_KEYS),
        ("[tool.covernance.suites.<name>]", SUITE_KEYS),
        *((f"[tool.covernance.{name}]", keys) for name, keys in SECTION_KEYS.items()),
    ],
)
def test_every_key_has_a_row_of_six_cells_in_its_section(
    section: str, keys: tuple[Declaration, ...]
) -> None:
    text = render_reference().partition(f"## `{section}`\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [key.name for key in keys]
    assert all(row.count("|") == 7 for row in rows)


@pytest.mark.parametrize(
    "row",
    [
        f'| `store` | {STORE_CHOICES} | `"directory"` | another value | yes | ',
        "| `fail-under` | a percentage, 0 to 100 | `90` | a lower value | — | ",
        "| `fail-under` | a percentage, 0 to 100 | as in `[tool.covernance]` | a lower value | ",
        "| `theme-max-drop` | a table: theme to percentage points | `max-drop` | a higher value | ",
        "| `shards` | a whole number, at least 1 | `1` | — | ",
        "| `xdist` | true or false | `false` | — | ",
        "| `source` | a list of folders or modules | required | a removed entry | ",
        "| `history` | a section | see below | — | — | ",
        "| `python` | a string | none | — | ",
    ],
)
def test_a_row_shows_value_default_and_what_weakens(row: str) -> None:
    assert f"\n{row}" in render_reference()
