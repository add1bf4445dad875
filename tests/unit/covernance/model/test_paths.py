from __future__ import annotations

import pytest

from covernance.model.paths import find_folder, is_below, is_test, list_folders_above

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("apps/api/main.py", True),
        ("apps/api", True),
        ("apps/api_client/main.py", False),
        ("apps", False),
        ("tests/a.py", True),
        ("one.py", True),
    ],
)
def test_only_complete_folder_names_match(path: str, *, expected: bool) -> None:
    assert is_below(path, ["apps/api", "tests/", "one.py"]) is expected
    assert not is_below(path, [])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_a.py", True),
        ("tests/a_test.py", True),
        ("tests/conftest.py", False),
        ("test_data/a.py", False),
    ],
)
def test_a_test_file_is_recognized_by_its_name(path: str, *, expected: bool) -> None:
    assert is_test(path) is expected


@pytest.mark.parametrize(
    ("path", "folders"),
    [("a", []), (".", []), ("a/b/c", ["a/b", "a"]), ("../a/b", ["../a", ".."])],
)
def test_the_folders_of_a_path_are_listed_nearest_first(path: str, folders: list[str]) -> None:
    assert list(list_folders_above(path)) == folders
    assert find_folder(path) == (folders or ["."])[0]
