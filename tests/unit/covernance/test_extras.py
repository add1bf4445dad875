from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from covernance.errors import MachineError
from covernance.extras import require

ROOT = Path(__file__).parents[3]


@pytest.mark.architecture
def test_an_installed_package_is_imported() -> None:
    assert require("json", extra="x") is sys.modules["json"]


@pytest.mark.reliability
def test_a_missing_package_is_one_clear_error() -> None:
    with pytest.raises(MachineError) as refused:
        require("surely_not_there", extra="alerts")
    assert str(refused.value) == (
        "surely_not_there can't be imported: No module named 'surely_not_there'; "
        "run `python -m pip install 'covernance[alerts]'`"
    )


@pytest.mark.reliability
def test_a_package_that_is_broken_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("import part_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MachineError, match="No module named 'part_that_is_missing'"):
        require("broken_package", extra="alerts")


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("package", "extra"), [("apprise", "alerts"), ("codeowners", "governance")]
)
def test_the_extras_install_what_is_required_of_them(package: str, extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert any(entry.startswith(package) for entry in project["optional-dependencies"][extra])
