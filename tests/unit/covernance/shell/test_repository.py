from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from covernance.config import load
from covernance.errors import CovernanceError
from covernance.shell.repository import enter_repository, load_context
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize("folder", [".", "calc", "calc/deep/er"])
def test_command_changes_to_the_folder_of_the_nearest_table(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (repository.root / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(repository.root / folder)
    assert enter_repository().root == repository.root
    assert Path.cwd() == repository.root


def test_context_can_be_loaded_without_changing_the_folder(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root / "calc")
    assert load_context().table == load(repository.root)
    assert Path.cwd() == repository.root / "calc"


@pytest.mark.usefixtures("repository")
def test_environment_is_that_of_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "north")
    context = load_context()
    monkeypatch.setenv("REGION", "south")
    assert context.environ["REGION"] == "north"


@pytest.mark.usefixtures("repository")
def test_time_is_that_of_the_start_in_utc() -> None:
    before = datetime.now(UTC)
    now = load_context().now
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


@pytest.mark.reliability
def test_without_a_table_it_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CovernanceError, match=r"pyproject\.toml"):
        enter_repository()
    assert Path.cwd() == tmp_path
