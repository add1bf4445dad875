"""The tool is a guest: it works whatever a project's own packages are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from covernance.model.snapshot import read
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

OF_THE_TOOL = ["click", "rich", "msgspec", "jinja2"]


def project(root: Path, package: str, text: str = "") -> Repository:
    """A project whose only package is called `package`."""
    made = Repository(root / "repository")
    made.write(f"{package}/__init__.py", (made.root / "calc/__init__.py").read_text() + text)
    for name in ("pyproject.toml", "tests/test_calc.py"):
        source = (made.root / name).read_text(encoding="utf-8")
        source = source.replace('["calc"]', f'["{package}"]').replace(
            "from calc ", f"from {package} "
        )
        made.write(name, source)
    return made


@pytest.mark.parametrize("package", OF_THE_TOOL)
def test_a_project_that_is_called_like_a_package_of_the_tool_is_measured(
    tmp_path: Path, package: str
) -> None:
    repository = project(tmp_path, package)
    ran = repository.covernance("run")
    assert ran.code == 0, ran.text
    found = read(repository.root / "coverage/calc.snapshot.json")
    assert list(found.files) == [f"{package}/__init__.py"]


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_syntax_error_in_such_a_project_is_pytest_s_collection_error(
    tmp_path: Path, package: str
) -> None:
    repository = project(tmp_path, package, "\n\ndef broken(:\n")
    ran = repository.covernance("run")
    assert ran.code == 1, ran.text
    assert "def broken(:" in ran.out
    assert "SyntaxError" in ran.out
    assert ran.err == ""
