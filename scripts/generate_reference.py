"""Write what is generated from the declarations of the table: reference page and JSON schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from covernance.config.table_reference import render_reference
from covernance.config.table_schema import render_schema

_ROOT = Path(__file__).resolve().parent.parent
_GENERATED = {
    "docs/reference/table.md": render_reference,
    "src/covernance/config/table.schema.json": render_schema,
}


def write_reference(root: Path) -> None:
    """Write the generated files below the folder `root`."""
    for name, render in _GENERATED.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    write_reference(_ROOT)
