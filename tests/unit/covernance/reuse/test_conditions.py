from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import covernance
from covernance.config import Table
from covernance.config.table import ReuseSettings
from covernance.context import Context
from covernance.reuse import conditions
from covernance.reuse.conditions import describe_environment
from covernance.reuse.seen import Looks
from tests.utils.agents import ENVIRONMENT
from tests.utils.contexts import context_of

pytestmark = pytest.mark.reliability

ROOT = Path("/root")
PREFIX = "the environment variable "


def context_with(environ: dict[str, str] | None = None, *declared: str) -> Context:
    reuse = ReuseSettings(environment=declared)
    return context_of(Table(root=ROOT, themes=(), suites=(), reuse=reuse), environ)


def variables(environ: dict[str, str], *declared: str) -> set[str]:
    found = describe_environment(context_with(environ, *declared), (), ENVIRONMENT, Looks(ROOT))
    return {name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX)}


def test_known_and_declared_variables_count() -> None:
    environ = {"LANG": "C", "PYTHONPATH": "x", "PYTEST_ADDOPTS": "-x", "REGION": "n", "HOME": "/"}
    assert variables(environ) == {"LANG", "PYTHONPATH", "PYTEST_ADDOPTS"}
    assert variables(environ, "REGION") == {"LANG", "PYTHONPATH", "PYTEST_ADDOPTS", "REGION"}


def test_variables_without_effect_on_passes_do_not_count() -> None:
    environ = dict.fromkeys(
        ("COVERAGE_FAIL_UNDER_API", "COVERAGE_SOFT", "COVERAGE_CONTEXT", "COVERAGE_FILE"), "1"
    )
    assert variables(environ) == set()
    assert variables({"COVERAGE_RCFILE": "x"}) == {"COVERAGE_RCFILE"}


@pytest.mark.security
def test_values_of_variables_are_not_stored() -> None:
    found = describe_environment(
        context_with({"TOKEN": "secret"}, "TOKEN"), ["--token=secret"], ENVIRONMENT, Looks(ROOT)
    )
    assert "secret" not in "".join((*found, *found.values()))


def test_distributions_and_path_files_are_compared_by_content(tmp_path: Path) -> None:
    here = msgspec.structs.replace(ENVIRONMENT, path=(str(tmp_path), str(tmp_path / "missing")))
    folder = tmp_path / "extra-1.0.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text("a", encoding="utf-8")
    (tmp_path / "extra.pth").write_text("/a", encoding="utf-8")
    before = describe_environment(context_with(), (), here, Looks(ROOT))
    assert {"the installed package extra-1.0", "the .pth file extra.pth"} <= before.keys()
    (folder / "RECORD").write_text("b", encoding="utf-8")
    (tmp_path / "extra.pth").write_text("/b", encoding="utf-8")
    after = describe_environment(context_with(), (), here, Looks(ROOT))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"the installed package extra-1.0", "the .pth file extra.pth"}


def test_module_outside_any_distribution_counts(tmp_path: Path) -> None:
    folders = (str(tmp_path),)
    here = msgspec.structs.replace(ENVIRONMENT, path=folders, installed=folders)
    before = describe_environment(context_with(), (), here, Looks(ROOT))
    (tmp_path / "loose.py").touch()
    after = describe_environment(context_with(), (), here, Looks(ROOT))
    assert {name for name in before if before[name] != after[name]} == {
        f"the names of files in {tmp_path}"
    }


@pytest.mark.parametrize("place", ["checkout", "__pycache__/checkout"])
def test_tool_digest_covers_code_and_templates_but_not_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    layer = tmp_path / place
    (layer / "room/__pycache__").mkdir(parents=True)
    monkeypatch.setattr(covernance, "__file__", str(layer / "__init__.py"))
    (layer / "page.html").write_text("a", encoding="utf-8")
    conditions._tool.cache_clear()
    before = describe_environment(context_with(), (), ENVIRONMENT, Looks(ROOT))
    (layer / "room/__pycache__/wall.cpython-311.pyc.140233").touch()
    conditions._tool.cache_clear()
    assert describe_environment(context_with(), (), ENVIRONMENT, Looks(ROOT)) == before
    (layer / "page.html").write_text("b", encoding="utf-8")
    conditions._tool.cache_clear()
    assert (
        describe_environment(context_with(), (), ENVIRONMENT, Looks(ROOT))["the code of covernance"]
        != before["the code of covernance"]
    )
