from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.errors import InputError
from covernance.reuse.evidence import SCHEMA, Evidence, Seen, read
from tests.utils.agents import ENVIRONMENT

pytestmark = pytest.mark.reliability

EVIDENCE = Evidence(
    suite="api",
    commit=None,
    recorded_at="2026-11-21T12:00:00Z",
    python="/env/bin/python",
    environment=ENVIRONMENT,
    settings={},
    seen=Seen(),
    reports={},
)


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
