from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from covernance.agent.interpreter import find_interpreter, parse_interpreters
from covernance.config import Suite, Table, load
from covernance.errors import ConfigError, InputError
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def calc(table: Table) -> Suite:
    return table.suite("calc")


def environment(folder: Path) -> Path:
    python = folder / "bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def test_option_key_active_environment_dot_venv_and_own_python_are_tried_in_order(
    table: Table, calc: Suite, tmp_path: Path
) -> None:
    assert find_interpreter(context_of(table), calc) == Path(sys.executable)
    dot_venv = environment(table.root / ".venv")
    assert find_interpreter(context_of(table), calc) == dot_venv
    active = environment(tmp_path / "active")
    environ = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert find_interpreter(context_of(table, environ), calc) == active
    named = environment(table.root / "envs/calc")
    keyed = msgspec.structs.replace(calc, python="envs/calc")
    assert find_interpreter(context_of(table, environ), keyed) == named
    given = {"calc": Path("/given/python")}
    assert find_interpreter(context_of(table, environ), keyed, given) == given["calc"]


def test_a_deleted_active_environment_is_ignored(table: Table, calc: Suite) -> None:
    environ = {"VIRTUAL_ENV": str(table.root / "gone")}
    assert find_interpreter(context_of(table, environ), calc) == Path(sys.executable)


@pytest.mark.parametrize("version", ["3.11", "python3.11"])
def test_a_version_is_found_on_the_path(
    table: Table, calc: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    program = tmp_path / "python3.11"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    keyed = msgspec.structs.replace(calc, python=version)
    assert find_interpreter(context_of(table), keyed) == program


@pytest.mark.reliability
def test_a_version_that_is_not_installed_is_a_clear_error(
    table: Table, calc: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    keyed = msgspec.structs.replace(calc, python="3.99")
    with pytest.raises(ConfigError, match=r"suites\.calc\.python: neither PATH nor uv finds"):
        find_interpreter(context_of(table), keyed)


@pytest.mark.reliability
def test_a_path_in_the_table_that_does_not_exist_is_a_clear_error(
    table: Table, calc: Suite
) -> None:
    keyed = msgspec.structs.replace(calc, python="envs/gone")
    with pytest.raises(ConfigError, match=r"suites\.calc\.python: .*envs/gone does not exist"):
        find_interpreter(context_of(table), keyed)


def test_options_set_a_python_or_an_environment_for_all_suites_or_one(
    table: Table, tmp_path: Path
) -> None:
    one, other = environment(tmp_path / "one"), environment(tmp_path / "other")
    assert parse_interpreters(table, ()) == {}
    assert parse_interpreters(table, (str(one),)) == {"calc": one}
    assert parse_interpreters(table, (f"calc={other}", str(one))) == {"calc": other}
    odd = environment(tmp_path / "a=b")
    assert parse_interpreters(table, (str(odd),)) == {"calc": odd}
    assert parse_interpreters(table, (f"calc={odd}",)) == {"calc": odd}


@pytest.mark.reliability
def test_options_with_missing_paths_are_clear_errors(table: Table, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--python .*gone: .*gone does not exist"):
        parse_interpreters(table, (str(tmp_path / "gone"),))
    with pytest.raises(ConfigError, match="there is no suite 'cals'"):
        parse_interpreters(table, ("cals=/gone",))
