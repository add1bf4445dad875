from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent import combining
from covernance_agent.failures import InputError, MachineError

pytestmark = pytest.mark.reliability


@pytest.fixture
def cov(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    (tmp_path / "one.py").write_text("x = 1\n")
    return measured({"security|run": {"one.py": [(-1, 1), (1, -1)]}})


@pytest.mark.architecture
def test_combining_leaves_the_sources(cov: Coverage, tmp_path: Path) -> None:
    source = Path(cov.get_data().data_filename())
    assert combining.combine([source], tmp_path / "all", config_file=True)
    assert source.exists()
    assert combining.load(
        tmp_path / "all", tmp_path / ".analysis", config_file=True
    ).get_data().measured_contexts() == {"security|run"}


def test_combining_nothing_returns_false(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert not combining.combine([tmp_path / "empty"], tmp_path / "all", config_file=True)


def test_damaged_data_is_a_clear_error(tmp_path: Path) -> None:
    damaged = tmp_path / ".coverage"
    damaged.write_bytes(b"rubbish" * 100)
    with pytest.raises(InputError, match="run the suite again"):
        combining.load(damaged, tmp_path / ".analysis", config_file=True)
    with pytest.raises(InputError, match="run the suite"):
        combining.load(tmp_path / "nope", tmp_path / ".analysis", config_file=True)


@pytest.mark.parametrize("content", [b"rubbish" * 100, b""])
def test_a_damaged_data_file_among_good_ones_is_an_error(
    cov: Coverage, tmp_path: Path, content: bytes
) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="damaged: is"):
        combining.combine(
            [Path(cov.get_data().data_filename()), damaged], tmp_path / "all", config_file=True
        )


def test_a_full_disk_is_a_clear_error(
    cov: Coverage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    source = Path(cov.get_data().data_filename())
    monkeypatch.setattr(Coverage, "combine", full)
    with pytest.raises(MachineError, match="disk is full"):
        combining.combine([source], tmp_path / "all", config_file=True)


def test_a_fifo_with_the_name_of_a_source_is_left_out_of_reports(
    measured: Callable[[Any], Coverage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("x = 1\n")
    os.mkfifo(tmp_path / "fifo.py")
    cov = measured({"security|run": {"one.py": [(-1, 1), (1, -1)], "fifo.py": []}})
    data = Path(cov.get_data().data_filename())
    text = combining.text_report(
        combining.load(data, tmp_path / ".analysis", config_file=False), show_missing=False
    )
    assert "one.py" in text
    assert "fifo.py" not in text


@pytest.mark.architecture
def test_the_text_report_shows_missing_lines_when_asked(cov: Coverage) -> None:
    assert "Missing" in combining.text_report(cov, show_missing=True)
    assert "Missing" not in combining.text_report(cov, show_missing=False)
