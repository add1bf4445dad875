from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from covernance.affected import imports
from covernance.affected.imports import Imports
from covernance.errors import InputError

pytestmark = pytest.mark.reliability

Closure = Callable[..., set[str]]


@pytest.fixture
def closure(tmp_path: Path) -> Closure:
    """Write files, and tell what importing the first may execute beside it."""

    def of(files: dict[str, str], *starts: str) -> set[str]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        first = next(iter(files))
        python = [name for name in files if name.endswith(".py")]
        return set(Imports(tmp_path, python, starts).closure([first])) - {first}

    return of


def test_imports_are_followed_and_packages_are_executed(closure: Closure) -> None:
    files = {
        "tests/test_a.py": "from app.core.one import x",
        "app/__init__.py": "",
        "app/core/__init__.py": "",
        "app/core/one.py": "from . import two\nimport json",
        "app/core/two.py": "",
        "app/core/three.py": "import app.core.one",
        "app/json.py": "",
    }
    assert closure(files) == {
        *("app/__init__.py", "app/core/__init__.py", "app/core/one.py", "app/core/two.py"),
    }


def test_a_package_below_src_is_imported_without_it(closure: Closure) -> None:
    files = {"tests/test_a.py": "import app.one", "src/app/__init__.py": "", "src/app/one.py": ""}
    assert closure(files, "src/app") == {"src/app/__init__.py", "src/app/one.py"}


@pytest.mark.parametrize(
    "text",
    [
        "pytest_plugins = ['app.plug']",
        'monkeypatch.setattr("app.plug.value", 1)',
        'load("app.plug:main")',
        'import_module(f"app.{name}")',
        'import_module("app." + name)',
    ],
)
def test_a_quoted_name_is_an_import(closure: Closure, text: str) -> None:
    files = {"tests/test_a.py": text, "app/__init__.py": "", "app/plug.py": ""}
    assert closure(files) == {"app/__init__.py", "app/plug.py"}


def test_a_quoted_name_of_a_package_is_not_all_below_it(closure: Closure) -> None:
    files = {"tests/test_a.py": "'app.nothing'", "app/__init__.py": "", "app/plug.py": ""}
    assert closure(files) == {"app/__init__.py"}


def test_an_import_from_an_unknown_folder_is_every_file_of_that_name(closure: Closure) -> None:
    files = {
        "tests/test_a.py": "import helpers",
        "tests/lib/helpers.py": "import app.one",
        "app/one.py": "",
        "other/helpers/__init__.py": "",
        "other/more.py": "",
    }
    assert closure(files) == {"tests/lib/helpers.py", "app/one.py", "other/helpers/__init__.py"}


def test_the_standard_library_is_shadowed_only_where_imports_begin(closure: Closure) -> None:
    files = {"tests/test_a.py": "import json", "lib/json.py": "", "json.py": ""}
    assert closure(files) == {"json.py"}


def test_a_file_without_an_importable_name_is_read_all_the_same(closure: Closure) -> None:
    files = {
        "app/0001-first.py": "import app.one\nfrom app import two\nimport os\nfrom . import z",
        "app/__init__.py": "",
        "app/one.py": "",
        "app/two.py": "",
        "other/three.py": "",
    }
    assert closure(files) == {"app/__init__.py", "app/one.py", "app/two.py"}


@pytest.mark.security
@pytest.mark.parametrize("name", ["app/broken.py", "app/0-broken.py"])
def test_a_file_that_can_not_be_parsed_is_an_error(closure: Closure, name: str) -> None:
    with pytest.raises(InputError, match=r"imports can.t be told: .*broken"):
        closure({name: "def (:", "app/__init__.py": ""})


@pytest.mark.security
def test_without_grimp_it_is_told_what_to_install(
    closure: Closure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"install 'covernance\[affected\]'"):
        closure({"a/b.py": ""})


def test_an_installed_package_is_not_mistaken_for_a_folder(closure: Closure) -> None:
    assert "pytest" in sys.modules
    files = {"tests/test_a.py": "import pytest", "tests/pytest/notes.py": "", "pytest/x.py": ""}
    assert closure(files) == {"tests/pytest/notes.py", "pytest/x.py"}
