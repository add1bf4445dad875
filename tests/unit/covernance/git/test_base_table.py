from __future__ import annotations

from decimal import Decimal

import pytest

from covernance.errors import ConfigError
from covernance.git.base_table import read_base_table
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


def test_the_table_is_read_as_it_was_committed(repository: Repository) -> None:
    repository.write("pyproject.toml", "[tool.covernance]\nfail-under = 90.5\nnew-key = 1\n")
    repository.commit_first()
    repository.write("pyproject.toml", "[tool.covernance]\nfail-under = 10\n")
    assert read_base_table(repository.root, "HEAD") == {"fail-under": Decimal("90.5"), "new-key": 1}


@pytest.mark.parametrize("text", [None, "", "[tool.other]\nkey = 1\n"])
def test_without_a_table_it_is_empty(repository: Repository, text: str | None) -> None:
    if text is None:
        (repository.root / "pyproject.toml").unlink()
    else:
        repository.write("pyproject.toml", text)
    repository.commit_first()
    assert read_base_table(repository.root, "HEAD") == {}


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tool.covernance", "is not valid TOML: "),
        ("[tool]\ncovernance = 3\n", r"\[tool\.covernance\]: must be a table, not a whole number"),
    ],
)
def test_a_broken_table_is_an_error(repository: Repository, text: str, reason: str) -> None:
    repository.write("pyproject.toml", text)
    repository.commit_first()
    with pytest.raises(ConfigError, match=rf"^pyproject\.toml at HEAD: {reason}"):
        read_base_table(repository.root, "HEAD")
