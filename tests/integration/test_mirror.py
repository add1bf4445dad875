"""The unit tests of tool and agent mirror their modules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
PACKAGES = pytest.mark.parametrize("package", ["covernance", "covernance_agent"])
SHARED = {"command", "workflow", "policy", "render"}
"""The names that each capability package may have."""


def modules(package: str) -> set[Path]:
    """The modules of a package, relative to it."""
    source = ROOT / "src" / package
    return {
        path.relative_to(source)
        for path in source.rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"}
    }


def mirrored(package: str) -> set[Path]:
    """The modules that test modules are named after."""
    tests = ROOT / "tests/unit" / package
    return {
        path.relative_to(tests).with_name(path.name.removeprefix("test_"))
        for path in tests.rglob("test_*.py")
    }


@PACKAGES
def test_every_module_has_its_test_module(package: str) -> None:
    assert modules(package)
    assert sorted(map(str, modules(package) - mirrored(package))) == []


@PACKAGES
def test_every_test_module_has_its_module(package: str) -> None:
    assert sorted(map(str, mirrored(package) - modules(package))) == []


def test_no_module_name_occurs_twice() -> None:
    names = Counter(path.stem for path in modules("covernance"))
    assert {name for name, number in names.items() if number > 1} <= SHARED
