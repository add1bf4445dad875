from __future__ import annotations

from pathlib import Path

import pytest

from covernance_agent.empty_sources import check_sources
from covernance_agent.failures import ConfigError

pytestmark = pytest.mark.reliability


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "coveragerc"
    path.write_text("[run]\nbranch = true\n")
    for name in ("code/deep/module.py", "docs/index.md", "one.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return path


def test_folders_with_python_files_at_any_depth_and_modules_are_sources(settings: Path) -> None:
    check_sources(["code", "one.py"], str(settings))


@pytest.mark.security
def test_a_folder_without_any_is_rejected(settings: Path) -> None:
    with pytest.raises(ConfigError, match="source: 'docs' has no Python file"):
        check_sources(["code", "docs"], str(settings))


@pytest.mark.architecture
def test_plugins_may_measure_other_files(settings: Path) -> None:
    settings.write_text("[run]\nplugins = templates\n")
    check_sources(["docs"], str(settings))
