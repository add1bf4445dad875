"""The lines that each context executed, in a file for the tool's `who` and `affected-tests`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from covernance_agent.statements import read_source, spans

SCHEMA = 1
"""The version of the file."""


def write_recording(target: Path, ran: Mapping[str, Mapping[str, str]]) -> None:
    """Write the lines that each context executed.

    Args:
        target: The file to write. It has `contexts`, a list of names, and `files`: for each path,
            `spans` of statements over several lines, and `lines` by index in `contexts`.
        ran: Lines as text, by file and context.
    """
    names = sorted({context for contexts in ran.values() for context in contexts})
    numbers = {name: number for number, name in enumerate(names)}
    files = {path: _file(path, contexts, numbers) for path, contexts in ran.items()}
    document = {"schema": SCHEMA, "contexts": names, "files": files}
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    target.write_text(text, encoding="utf-8")


def _file(path: str, contexts: Mapping[str, str], numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "spans": spans(read_source(path)),
        "lines": {numbers[context]: lines for context, lines in contexts.items()},
    }
