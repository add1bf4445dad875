from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.model.effects import CoverageSettings, Setting
from covernance_agent.pytest_settings import read_settings
from covernance_agent.settings import read_current_settings

pytestmark = pytest.mark.architecture


def test_the_agents_settings_of_coverage_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COVERAGE_RCFILE", raising=False)
    (tmp_path / ".coveragerc").write_text("[run]\nbranch = true\nomit = a/*\n", encoding="utf-8")
    written = msgspec.json.encode(read_current_settings()._asdict())
    settings = msgspec.json.decode(written, type=CoverageSettings)
    assert (settings.branch, settings.omit, settings.file) == (True, ("a/*",), ".coveragerc")


def test_the_agents_settings_of_pytest_are_read(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npython_files = check_*.py\n")
    settings = read_settings(pytester.parseconfig())
    written = msgspec.json.encode({name: each._asdict() for name, each in settings.items()})
    read = msgspec.json.decode(written, type=dict[str, Setting])
    assert read["python_files"] == Setting(("check_*.py",), "tox.ini")
