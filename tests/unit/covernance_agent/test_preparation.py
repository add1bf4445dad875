from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from covernance_agent import preparation
from covernance_agent.failures import ConfigError, MachineError

pytestmark = pytest.mark.reliability


@pytest.mark.architecture
def test_an_environment_is_described_without_importing_pytest_or_writing(tmp_path: Path) -> None:
    description = preparation.perform(
        {"source": [], "tests": [], "folder": None, "arguments": None}
    )
    environment = description["environment"]
    assert environment["executable"] == sys.executable
    assert environment["packages"]["pytest"] == pytest.__version__
    assert str(Path(pytest.__file__).parents[1]) in environment["installed"]
    assert any(Path(folder, "os.py").is_file() for folder in environment["standard_library"])
    assert ("xdist" in description["plugins"]) is (find_spec("xdist") is not None)
    assert (description["settings"], description["arguments"]) == (None, None)
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preparation, "find_spec", lambda _name: None)
    command = f"{sys.executable} -m pip install pytest coverage"
    with pytest.raises(MachineError, match="pytest and coverage must be installed") as caught:
        preparation.perform({})
    assert command in str(caught.value)


@pytest.mark.parametrize(("name", "installed"), [("pytest", "6.2.5"), ("coverage", "7.9.2")])
def test_a_version_that_is_too_old_is_named_with_the_oldest_supported_one(
    monkeypatch: pytest.MonkeyPatch, name: str, installed: str
) -> None:
    real = preparation._version
    monkeypatch.setattr(
        preparation, "_version", lambda package: installed if package == name else real(package)
    )
    oldest = {"pytest": "7.0", "coverage": "7.10"}[name]
    with pytest.raises(
        MachineError, match=f"{name} {installed} is too old; {name} {oldest} or newer"
    ):
        preparation.perform({})


@pytest.mark.security
def test_a_marker_expression_that_pytest_can_not_read_is_an_error(tmp_path: Path) -> None:
    preparation.perform({"select": "not slow"})
    with pytest.raises(ConfigError, match=r"select: 'not \(slow' can't be read by pytest: "):
        preparation.perform({"select": "not (slow"})


@pytest.mark.security
def test_a_source_without_python_files_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    task = {"source": ["docs"], "tests": [], "folder": str(tmp_path / "settings")}
    with pytest.raises(ConfigError, match="source: 'docs' has no Python file"):
        preparation.perform(task)
