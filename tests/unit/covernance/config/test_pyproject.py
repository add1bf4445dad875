from __future__ import annotations

from pathlib import Path

import pytest

from covernance.config import find_root, load
from covernance.errors import ConfigError

pytestmark = pytest.mark.architecture


def test_the_root_is_the_nearest_folder_with_a_table(root: Path) -> None:
    below = root / "apps" / "api"
    (below / "pyproject.toml").write_text("[project]\nname = 'inner'\n")
    assert find_root(below) == root


@pytest.mark.reliability
def test_a_missing_table_error_shows_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"add one with `themes`"):
        find_root(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(ConfigError, match=r"has no \[tool.covernance\] table"):
        load(tmp_path)


@pytest.mark.reliability
def test_a_binary_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path)


@pytest.mark.reliability
def test_a_value_in_place_of_all_tools_tables_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = [1]\n")
    with pytest.raises(ConfigError, match="`tool` must be a table, not a list"):
        find_root(tmp_path)
