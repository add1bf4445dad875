"""The script that writes the table's reference page and JSON schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.generate_reference import write_reference

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]


def test_the_script_writes_the_files_that_are_committed(tmp_path: Path) -> None:
    write_reference(tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {
        Path("docs/reference/table.md"),
        Path("src/covernance/config/table.schema.json"),
    }
    for path in written:
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes()
