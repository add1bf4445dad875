from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent.failures import InputError
from covernance_agent.scan import scan
from covernance_agent.source import unpacked

ARCS = [(-1, 1), (1, 2), (2, -1)]


@pytest.mark.architecture
def test_steps_are_joined_by_group(tmp_path: Path, measured: Callable[[Any], Coverage]) -> None:
    measured({"a": {"x.py": ARCS[:2]}, "b": {"x.py": ARCS[1:], "y.py": ARCS[:1]}, "c": {}})
    steps = {
        name: {group: {*map(unpacked, packed)} for group, packed in ran.items()}
        for name, ran in scan(tmp_path / ".coverage", lambda _: "all", ["y.py", "x.py", "z.py"])
    }
    assert steps == {"x.py": {"all": set(ARCS)}, "y.py": {"all": set(ARCS[:1])}, "z.py": {}}


@pytest.mark.reliability
def test_another_schema_is_an_error(tmp_path: Path, measured: Callable[[Any], Coverage]) -> None:
    measured({"a": {"x.py": ARCS}})
    with sqlite3.connect(tmp_path / ".coverage") as data:
        data.execute("update coverage_schema set version = 8")
    data.close()
    with pytest.raises(InputError, match="schema 8, but covernance reads schema 7"):
        list(scan(tmp_path / ".coverage", str, []))


@pytest.mark.reliability
def test_damaged_data_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"rubbish" * 100)
    with pytest.raises(InputError, match="is damaged"):
        list(scan(tmp_path / "data", str, []))


@pytest.mark.reliability
def test_lines_that_are_not_integers_are_a_clear_error(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    measured({"a": {"x.py": ARCS}})
    with sqlite3.connect(tmp_path / ".coverage") as data:
        data.execute("update arc set fromno = 1.5 where fromno = 1")
    data.close()
    with pytest.raises(InputError, match=r"\.coverage: is damaged"):
        list(scan(tmp_path / ".coverage", str, ["x.py"]))
