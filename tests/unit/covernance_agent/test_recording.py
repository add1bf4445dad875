from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.recording import SCHEMA, write_recording

pytestmark = pytest.mark.reliability


def read(path: Path) -> dict[str, Any]:
    """A recording, as it is in its file."""
    recording: dict[str, Any] = json.loads(path.read_bytes())
    return recording


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@pytest.mark.architecture
@given(
    st.dictionaries(
        TEXTS.map("missing/{}.py".format), st.dictionaries(TEXTS, st.sampled_from(["1", "2-4,7"]))
    )
)
def test_file_has_what_each_context_executed(
    tmp_path_factory: pytest.TempPathFactory, ran: dict[str, dict[str, str]]
) -> None:
    target = tmp_path_factory.mktemp("new") / "contexts" / "tests.json"
    write_recording(target, ran)
    recording = read(target)
    assert recording["schema"] == SCHEMA
    assert recording["contexts"] == sorted({name for contexts in ran.values() for name in contexts})
    assert ran == {
        path: {recording["contexts"][int(number)]: lines for number, lines in file["lines"].items()}
        for path, file in recording["files"].items()
    }


@pytest.mark.parametrize(
    ("content", "spans"),
    [
        (b"x = 1\ny = (\n    2)\n", [[2, 3]]),
        (b"# coding: latin-1\nx = ('\xe9',\n    2)\n", [[2, 3]]),
        (b"x = 1\n" * 3 + b"y = ('\xe9',\n    2)\n", []),
        (b"# coding: nonsense\nx = (1,\n    2)\n", []),
        (b"x = (\n", []),
        (None, []),
    ],
    ids=["UTF-8", "Latin 1", "undecodable", "unknown encoding", "not Python", "missing"],
)
def test_statements_of_several_lines_are_recorded_if_the_source_can_be_read(
    tmp_path: Path, content: bytes | None, spans: list[list[int]]
) -> None:
    source = tmp_path / "source.py"
    if content is not None:
        source.write_bytes(content)
    write_recording(tmp_path / "tests.json", {str(source): {"a|run": "1"}})
    files = read(tmp_path / "tests.json")["files"]
    assert files == {str(source): {"spans": spans, "lines": {"0": "1"}}}


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.py"
    os.mkfifo(fifo)
    write_recording(tmp_path / "tests.json", {str(fifo): {}})
    assert read(tmp_path / "tests.json")["files"] == {str(fifo): {"spans": [], "lines": {}}}
