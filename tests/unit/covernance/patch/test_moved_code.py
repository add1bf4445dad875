from __future__ import annotations

import pytest

from covernance.patch.moved_code import find_patch
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


def added(repository: Repository) -> dict[str | None, list[int]]:
    """The lines that the change since the first commit adds, by file."""
    table = context_of(repository.root).table
    patch = find_patch(repository.root, "main", table)
    return {file.path: sorted(file.added) for file in patch.files}


@pytest.fixture(autouse=True)
def _first_commit(repository: Repository) -> None:
    repository.write("tools/helper.py", "x = 1\ny = 2\n")
    repository.write("calc/own.py", "a = 1\nb = 2\n")
    repository.commit_first()
    repository.git("checkout", "--quiet", "-b", "feature")


def move(repository: Repository, old: str, new: str) -> None:
    (repository.root / new).parent.mkdir(exist_ok=True)
    (repository.root / old).rename(repository.root / new)


def test_every_line_that_moves_into_the_sources_is_new(repository: Repository) -> None:
    move(repository, "tools/helper.py", "calc/helper.py")
    assert added(repository) == {"calc/helper.py": [1, 2]}


def test_a_move_within_the_sources_or_out_of_them_adds_nothing(repository: Repository) -> None:
    move(repository, "calc/own.py", "calc/other.py")
    move(repository, "tools/helper.py", "scripts/helper.py")
    assert added(repository) == {"calc/other.py": [], "scripts/helper.py": []}


def test_a_file_of_a_source_that_the_base_had_under_another_name_adds_nothing(
    repository: Repository,
) -> None:
    move(repository, "calc", "lib")
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    repository.write("pyproject.toml", text.replace('source = ["calc"]', 'source = ["lib"]'))
    assert added(repository)["lib/own.py"] == []


@pytest.mark.reliability
@pytest.mark.parametrize("table", ["[tool.covernance", "[tool.covernance]\nsuites = 3\n"])
def test_without_a_table_at_the_base_a_move_adds_nothing(
    repository: Repository, table: str
) -> None:
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    repository.write("pyproject.toml", table)
    repository.commit("a broken table")
    repository.git("branch", "--force", "main")
    repository.write("pyproject.toml", text)
    move(repository, "tools/helper.py", "calc/helper.py")
    assert added(repository)["calc/helper.py"] == []
