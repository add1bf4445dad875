from __future__ import annotations

from pathlib import Path

import pytest

from covernance.git.committed_results import is_committed, list_committed
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


def test_files_that_are_as_committed_are_listed(repository: Repository) -> None:
    for name in ("a.json", "b.json", "below/c.json"):
        repository.write(f"results/{name}", "{}")
    repository.commit_first()
    repository.write("results/b.json", "[]")
    repository.write("results/d.json", "{}")
    folder = repository.root / "results"
    assert list_committed(folder) == {"a.json", "below/c.json"}
    assert is_committed(folder / "a.json")
    assert not is_committed(folder / "b.json")
    assert not is_committed(folder / "d.json")


def test_links_to_committed_files_and_folders_hide_nothing(repository: Repository) -> None:
    repository.write("forged/a.json", "{}")
    (repository.root / "results").symlink_to("forged")
    repository.commit_first()
    repository.write("other/b.txt", "")
    (repository.root / "other/link.json").symlink_to("../forged/a.json")
    assert list_committed(repository.root / "results") == {"a.json"}
    assert is_committed(repository.root / "other/link.json")


@pytest.mark.reliability
def test_outside_of_a_repository_nothing_is_committed(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()
    assert list_committed(tmp_path) == frozenset()
    assert list_committed(tmp_path / "missing") == frozenset()
