from __future__ import annotations

from pathlib import Path

import pytest

from covernance.git.place import Place, find_place
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_a_folder_stands_below_the_root_of_its_checkout(repository: Repository) -> None:
    repository.initialize()
    root = repository.root.resolve()
    assert find_place(root) == Place(root, "")
    (root / "a b/é").mkdir(parents=True)
    place = find_place(root / "a b/é")
    assert place == Place(root, "a b/é")
    assert place.from_top("calc/x.py") == "a b/é/calc/x.py"
    assert find_place(root).from_top("calc/x.py") == "calc/x.py"


@pytest.mark.reliability
def test_outside_a_checkout_a_folder_is_its_own_root(tmp_path: Path) -> None:
    assert find_place(tmp_path) == Place(tmp_path, "")
