from __future__ import annotations

from pathlib import Path

import pytest

from covernance_agent.mapped_packages import find_mapped_packages, name_module

pytestmark = pytest.mark.reliability


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("src/calc", "src/calc/part", "lib/one", "lib/two"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "lib/data").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("value", "source", "names"),
    [
        ("\nsrc\n*/site-packages", ["src/calc"], ["calc"]),
        ("src/, */site-packages", ["src/calc"], ["calc"]),
        (["src/calc", "*/site-packages/calc"], ["src/calc"], ["calc"]),
        (["src/calc", "*/site-packages/calc"], ["src"], ["calc"]),
        (["src", "*/site-packages"], ["src/calc/part"], ["calc.part"]),
        (["lib", "*/site-packages"], ["lib"], ["one", "two"]),
        (["lib", "*/site-packages"], ["src/calc"], []),
        (["lib", "*/site-packages"], ["library"], []),
        (["src"], ["src/calc"], []),
        ("", ["src/calc"], []),
    ],
)
def test_packages_of_mapped_sources_are_named(
    value: object, source: list[str], names: list[str]
) -> None:
    assert find_mapped_packages([value], source) == names


def test_absolute_target_is_compared_with_the_source(tmp_path: Path) -> None:
    assert find_mapped_packages([[str(tmp_path / "src"), "*/x"]], ["src/calc"]) == ["calc"]
    assert find_mapped_packages([["/elsewhere/src", "*/x"]], ["src/calc"]) == []


def test_packages_are_named_once() -> None:
    assert find_mapped_packages([["src", "a"], ["src", "b"]], ["src/calc"]) == ["calc"]
    assert find_mapped_packages([], ["src/calc"]) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("calc.py", "calc"),
        ("src/calc.py", "calc"),
        ("src/calc/part/x.py", "calc.part.x"),
        ("src/calc/part", "calc.part"),
    ],
)
def test_module_is_named_with_the_packages_that_it_is_in(path: str, name: str) -> None:
    assert name_module(path) == name
