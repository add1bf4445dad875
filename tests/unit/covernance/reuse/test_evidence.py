from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.errors import InputError
from covernance.reuse.evidence import SCHEMA, read
from tests.unit.covernance.reuse.evidence_samples import sample_evidence

pytestmark = pytest.mark.reliability

EVIDENCE = sample_evidence(commit=None)


def test_written_evidence_is_read_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(EVIDENCE.encode())
    assert read(path) == EVIDENCE


def test_missing_evidence_is_none(tmp_path: Path) -> None:
    assert read(tmp_path / "evidence.json") is None


@pytest.mark.security
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is damaged"),
        (b"\xff", "is damaged"),
        (EVIDENCE.encode().replace(b"suite", b"suit"), "is damaged"),
        (msgspec.structs.replace(EVIDENCE, schema=SCHEMA + 1).encode(), "another version"),
    ],
)
def test_damaged_evidence_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(path)
