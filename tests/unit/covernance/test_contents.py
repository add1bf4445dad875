from __future__ import annotations

import pytest

from covernance.contents import (
    CHANGED_MEANWHILE,
    Contents,
    belongs,
    name_table,
    settle,
)
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


def contents(repository: Repository, *others: str) -> dict[str, str]:
    context = context_of(repository.root)
    return Contents(context).of_suite(context.table.suites[0], others)


def test_sources_tests_settings_and_the_table_have_contents(repository: Repository) -> None:
    repository.write("calc/notes.md", "notes\n")
    repository.write("calc/ignored.py", "x = 1\n")
    repository.append(".gitignore", "calc/ignored.py\n")
    repository.commit_first()
    repository.write("calc/new.py", "x = 1\n")
    table = name_table(context_of(repository.root).table.suites[0])
    expected = {"calc/__init__.py", "calc/new.py", "tests/test_calc.py", "pyproject.toml", table}
    assert expected <= contents(repository).keys()
    assert not {"calc/notes.md", "calc/ignored.py"} & contents(repository).keys()


def test_other_files_are_included_if_they_exist(repository: Repository) -> None:
    repository.write("calc/page.html", "<p>\n")
    assert "calc/page.html" in contents(repository, "calc/page.html", "calc/none.html")
    assert "calc/none.html" not in contents(repository, "calc/none.html")


def test_the_register_is_edited_after_a_run(repository: Repository) -> None:
    register = context_of(repository.root).table.exceptions.register
    assert belongs(register, context_of(repository.root).table.suites[0])
    repository.write(register, "rows\n")
    assert register not in contents(repository, register)


def test_a_file_without_one_content_during_a_run_has_none() -> None:
    before = {"same": "1", "edited": "1", "deleted": "1"}
    after = {"same": "1", "edited": "2", "added": "1"}
    changed = dict.fromkeys(("added", "deleted", "edited"), CHANGED_MEANWHILE)
    assert settle(before, after) == changed | {"same": "1"}


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("setup.cfg", "[tool:pytest]\naddopts = -q\n", "[metadata]\nname = x\n"),
        ("tox.ini", "[coverage:run]\nbranch = true\n", "[testenv]\ndeps = x\n"),
    ],
)
def test_of_shared_files_only_sections_of_pytest_and_coverage_count(
    repository: Repository, name: str, text: str, other: str
) -> None:
    repository.write(name, other)
    assert name not in contents(repository)
    repository.write(name, text)
    digest = contents(repository)[name]
    repository.write(name, text + other)
    assert contents(repository)[name] == digest
    repository.write(name, text.replace("=", "= x"))
    assert contents(repository)[name] != digest
