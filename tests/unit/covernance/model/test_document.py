from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.model import document

pytestmark = pytest.mark.reliability


class Note(msgspec.Struct, frozen=True):
    text: str


def test_a_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    path.write_bytes(msgspec.json.encode(Note("ä")))
    assert document.read(path, Note, "a note", "write it again") == Note("ä")
    assert document.find(path, Note, "a note", "write it again") == Note("ä")


def test_a_missing_document_is_none_or_an_error(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    assert document.find(path, Note, "a note", "write it again") is None
    message = r"note\.json: can't be read: No such file or directory; write it again$"
    with pytest.raises(InputError, match=message):
        document.read(path, Note, "a note", "write it again")


@pytest.mark.security
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b'{"text": 1}', b'{"text": "\xff"}', b'{"x":' + b"[" * 99_999],
    ids=["empty", "bytes", "another kind", "another shape", "no UTF-8", "too deep"],
)
def test_damage_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "note.json"
    path.write_bytes(content)
    message = r"note\.json: is not a note, or is damaged: .+; write it again$"
    for ask in (document.read, document.find):
        with pytest.raises(InputError, match=message):
            ask(path, Note, "a note", "write it again")


def test_an_unreadable_document_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: Is a directory; write it again"):
        document.find(tmp_path, Note, "a note", "write it again")


def test_other_errors_of_the_tool_are_passed_on() -> None:
    error = InputError("of a newer version")
    with pytest.raises(InputError) as raised, document.readable_errors("here", "a note", "upgrade"):
        raise error
    assert raised.value is error


@given(st.frozensets(st.text(max_size=3)))
def test_a_set_is_written_in_order(names: frozenset[str]) -> None:
    assert msgspec.json.decode(document.encode({"names": names})) == {"names": sorted(names)}


def test_equal_values_are_the_same_bytes_whatever_their_order() -> None:
    first = {"b": {2: Note("ä")}, "a": [1]}
    second = {"a": [1], "b": {2: Note("ä")}}
    assert document.encode(first) == document.encode(second)
    assert document.encode(first).endswith(b"\n")
    assert msgspec.json.decode(document.encode(first)) == {"a": [1], "b": {"2": {"text": "ä"}}}
