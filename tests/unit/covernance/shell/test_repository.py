from __future__ import annotations

from pathlib import Path

import pytest

from covernance.errors import CovernanceError
from covernance.shell.repository import here
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize("folder", [".", "calc", "calc/deep/er"])
def test_command_changes_to_the_folder_of_the_nearest_table(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (repository.root / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(repository.root / folder)
    assert here().root == repository.root
    assert Path.cwd() == repository.root


@pytest.mark.reliability
def test_without_a_table_it_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CovernanceError, match=r"pyproject\.toml"):
        here()
    assert Path.cwd() == tmp_path
