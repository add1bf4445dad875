from __future__ import annotations

from pathlib import Path

import pytest

from covernance_agent.failures import InputError
from covernance_agent.inventory import explain_unmeasured, reject_deleted
from covernance_agent.settings import read_current_settings

pytestmark = pytest.mark.security


@pytest.fixture(autouse=True)
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("src/shop/__init__.py", "src/shop/a.py", "src/shop/plugins/b.py", "src/x.y.py"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x = 1\n")


def explain(*inventory: str, settings: str = "") -> dict[str, str]:
    Path(".coveragerc").write_text(settings)
    return explain_unmeasured(inventory, ["src/shop/a.py"], ["src"], read_current_settings())


def test_a_measured_file_needs_no_explanation() -> None:
    assert explain("src/shop/a.py") == {}


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("src/shop/plugins/b.py", "", "does not look into src/shop/plugins"),
        ("src/x.y.py", "", "not a file that coverage.py would look for"),
        (
            "src/shop/__init__.py",
            "[run]\nomit =\n    nothing\n    src/shop/__*\n",
            "left out by omit = src/shop/__* in .coveragerc",
        ),
        ("src/x.y.py", "[report]\ninclude = src/shop/*\n", "not in include = src/shop/*"),
    ],
)
def test_other_files_have_a_reason(name: str, settings: str, reason: str) -> None:
    assert reason in explain(name, settings=settings)[name]


def test_a_source_that_a_test_deleted_is_an_error() -> None:
    reject_deleted(["src/shop/a.py"])
    Path("src/shop/a.py").unlink()
    with pytest.raises(InputError, match=r"src/shop/a\.py was deleted while the tests ran"):
        reject_deleted(["src/shop/__init__.py", "src/shop/a.py"])
