from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.model.snapshot import SCHEMA, Snapshot, decode, json_schema, read

pytestmark = pytest.mark.reliability


@pytest.fixture(autouse=True)
def _no_cached_results() -> None:
    """Decode again what an earlier test decoded: its code may have been another mutant's."""
    decode.cache_clear()


@pytest.mark.architecture
def test_a_written_snapshot_is_read_back(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "api.snapshot.json"
    path.write_bytes(snapshot.encode())
    assert read(path) == snapshot


@pytest.mark.architecture
def test_the_same_result_gives_the_same_bytes_in_any_order(snapshot: Snapshot) -> None:
    reversed_themes = dict(reversed(snapshot.themes.items()))
    other = msgspec.structs.replace(snapshot, themes=reversed_themes)
    assert other.encode() == snapshot.encode()
    assert snapshot.encode().startswith(b'{\n "effects": {\n  "coverage": {\n')


def test_the_shipped_schema_is_up_to_date() -> None:
    shipped = resources.files("covernance.model").joinpath("snapshot.schema.json")
    assert shipped.read_bytes() == json_schema()


def test_written_snapshots_match_the_shipped_schema(snapshot: Snapshot) -> None:
    written = json.loads(snapshot.encode())
    jsonschema.validate(written, json.loads(json_schema()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written | {"total": {"statements": "many"}}, json.loads(json_schema()))


@given(st.binary())
def test_any_bytes_give_a_snapshot_or_a_clear_error(content: bytes) -> None:
    with pytest.raises(InputError, match=r"x\.json: is not a snapshot"):
        decode(content, "x.json")


def test_a_newer_snapshot_error_says_to_upgrade(snapshot: Snapshot) -> None:
    newer = json.loads(snapshot.encode()) | {"schema": SCHEMA + 1, "surprise": True}
    with pytest.raises(InputError, match="upgrade covernance"):
        decode(json.dumps(newer).encode(), "x.json")


@pytest.mark.parametrize("name", ["", "Pass", "flawless"])
def test_a_verdict_of_a_newer_version_says_to_upgrade(snapshot: Snapshot, name: str) -> None:
    newer = json.loads(snapshot.encode()) | {"verdict": name}
    with pytest.raises(InputError, match=f"x.json: unknown verdict '{name}'; upgrade covernance"):
        decode(json.dumps(newer).encode(), "x.json")


def test_a_snapshot_of_the_first_schema_is_read(snapshot: Snapshot) -> None:
    first = json.loads(snapshot.encode()) | {"schema": 1}
    for file in first["files"].values():
        for new in ("executed_lines", "imported_lines", "branches"):
            del file[new]
        file["missing_lines"] = [7, 8, 12]
    whole = dict(first["files"]["apps/api/main.py"])
    del whole["missing_lines"]
    first["files"]["apps/api/whole.py"] = whole
    upgraded = decode(json.dumps(first).encode(), "x.json")
    assert upgraded.schema == SCHEMA
    assert upgraded.files["apps/api/main.py"].missing_lines == "7-8,12"
    assert upgraded.files["apps/api/whole.py"].missing_lines == ""
    assert upgraded.total == snapshot.total


def test_an_older_snapshot_lacks_newer_fields(snapshot: Snapshot) -> None:
    older = json.loads(snapshot.encode())
    del older["patch"], older["provenance"]["source"]
    result = decode(json.dumps(older).encode(), "x.json")
    assert (result.patch, result.provenance.source) == (None, "measured")


@pytest.mark.parametrize("files", [None, [], {"a.py": None}, {"a.py": {"missing_lines": "x"}}])
def test_a_damaged_snapshot_of_the_first_schema_is_a_clear_error(
    snapshot: Snapshot, files: object
) -> None:
    first = json.loads(snapshot.encode()) | {"schema": 1, "files": files}
    with pytest.raises(InputError, match="damaged"):
        decode(json.dumps(first).encode(), "x.json")


def test_a_snapshot_with_impossible_counts_is_damaged(snapshot: Snapshot) -> None:
    damaged = json.loads(snapshot.encode())
    damaged["total"]["executed"] = 10**6
    with pytest.raises(InputError, match="damaged"):
        decode(json.dumps(damaged).encode(), "x.json")


def test_the_error_names_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "api.snapshot.json"
    path.write_bytes(b"{}")
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: is not a snapshot"):
        read(path)


def test_a_missing_snapshot_error_says_to_run_the_suite(tmp_path: Path) -> None:
    path = tmp_path / "api.snapshot.json"
    message = f"{path}: can't be read: No such file or directory; run the suite first"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read(path)
