from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance.errors import ConfigError, InputError, MachineError
from covernance_agent import combining
from covernance_agent.reporting import Reporting

pytestmark = pytest.mark.reliability

SETTINGS = "[run]\nbranch = true\nrelative_files = true\npatch = subprocess\n"


@pytest.fixture
def cov(tmp_path: Path, measured: Callable[[Any], Reporting]) -> Reporting:
    (tmp_path / "one.py").write_text("x = 1\n")
    return measured({"security|run": {"one.py": [(-1, 1), (1, -1)]}})


@pytest.mark.architecture
def test_settings_that_give_right_numbers_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".coveragerc").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    combining.check_settings()


@pytest.mark.parametrize("setting", SETTINGS.splitlines()[1:])
def test_a_setting_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    (tmp_path / ".coveragerc").write_text(SETTINGS.replace(setting + "\n", ""))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"lacks {setting}; add it"):
        combining.check_settings()


def test_settings_that_can_not_be_read_are_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".coveragerc").write_text("[run]\nbranch = maybe\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"coverage\.py's configuration: .*maybe"):
        combining.check_settings()


@pytest.mark.architecture
def test_combining_keeps_the_sources(cov: Reporting, tmp_path: Path) -> None:
    source = Path(cov.get_data().data_filename())
    assert combining.combine([source], tmp_path / "all")
    assert source.exists()
    assert combining.load(
        tmp_path / "all", tmp_path / ".analysis"
    ).get_data().measured_contexts() == {"security|run"}


def test_combining_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert not combining.combine([tmp_path / "empty"], tmp_path / "all")


def test_damaged_data_is_a_clear_error(tmp_path: Path) -> None:
    damaged = tmp_path / ".coverage"
    damaged.write_bytes(b"rubbish" * 100)
    with pytest.raises(InputError, match="run the suite again"):
        combining.load(damaged, tmp_path / ".analysis")
    with pytest.raises(InputError, match="run the suite"):
        combining.load(tmp_path / "nope", tmp_path / ".analysis")


@pytest.mark.parametrize("content", [b"rubbish" * 100, b""])
def test_a_damaged_data_file_among_good_ones_is_never_left_out(
    cov: Reporting, tmp_path: Path, content: bytes
) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="damaged: is"):
        combining.combine([Path(cov.get_data().data_filename()), damaged], tmp_path / "all")


def test_a_full_disk_is_a_clear_error(
    cov: Reporting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    source = Path(cov.get_data().data_filename())
    monkeypatch.setattr(Coverage, "combine", full)
    with pytest.raises(MachineError, match="disk is full"):
        combining.combine([source], tmp_path / "all")


@pytest.mark.architecture
@pytest.mark.parametrize("kind", ["html", "xml", "json", "lcov"])
def test_every_file_report_is_written(cov: Reporting, tmp_path: Path, kind: Any) -> None:  # noqa: ANN401 - a Format
    target = tmp_path / "deep" / "report"
    combining.write_report(cov, kind, target, title="api")
    assert (target / "index.html").exists() if kind == "html" else target.stat().st_size


@pytest.mark.architecture
def test_the_xml_names_files_from_the_root(
    tmp_path: Path, measured: Callable[[Any], Reporting]
) -> None:
    for name in ("apps/api", "apps/auth"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "server.py").write_text("x = 1\n")
    arcs = [(-1, 1), (1, -1)]
    measured({"security|run": {"apps/api/server.py": arcs, "apps/auth/server.py": arcs}})
    (tmp_path / ".coveragerc").write_text(SETTINGS + "source = apps/api, apps/auth\n")
    cov = combining.load(tmp_path / ".coverage", tmp_path / ".analysis")
    combining.write_report(cov, "xml", tmp_path / "x.xml", title="api")
    text = (tmp_path / "x.xml").read_text(encoding="utf-8")
    assert re.findall('filename="(.+?)"', text) == ["apps/api/server.py", "apps/auth/server.py"]
    assert re.findall("<source>(.*?)</source>", text) == [""]


def test_a_terminal_report_is_no_file(cov: Reporting, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="term is no file report"):
        combining.write_report(cov, "term", tmp_path / "x", title="api")


def test_a_report_of_a_source_that_is_gone_is_a_clear_error(cov: Reporting, tmp_path: Path) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"json report: .*one\.py"):
        combining.write_report(cov, "json", tmp_path / "x", title="api")


def test_contexts_of_a_source_that_is_gone_are_a_clear_error(
    cov: Reporting, tmp_path: Path
) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"json report: .*one\.py"):
        combining.write_json_with_contexts(cov, tmp_path / "x")


def test_a_report_that_can_not_be_written_is_a_clear_error(cov: Reporting, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be written"):
        combining.write_report(cov, "json", tmp_path / "file" / "x.json", title="api")


@pytest.mark.architecture
def test_json_with_contexts_names_who_ran_each_line(cov: Reporting, tmp_path: Path) -> None:
    combining.write_json_with_contexts(cov, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["files"]["one.py"]["contexts"] == {"1": ["security|run"]}


@pytest.mark.architecture
def test_the_text_report_shows_missing_lines_when_asked(cov: Reporting) -> None:
    assert "Missing" in combining.text_report(cov, show_missing=True)
    assert "Missing" not in combining.text_report(cov, show_missing=False)
