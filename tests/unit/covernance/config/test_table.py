from __future__ import annotations

from pathlib import Path

import pytest

from covernance.config import load
from covernance.errors import ConfigError
from tests.unit.covernance.config.table_samples import GOOD

pytestmark = pytest.mark.architecture


def test_the_digest_depends_on_the_table_but_not_on_its_folder(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = load(root).digest()
    other = tmp_path_factory.mktemp("elsewhere") / "checkout"
    root.rename(other)
    assert load(other).digest() == before
    (other / "pyproject.toml").write_text(GOOD.replace("92", "91"))
    assert load(other).digest() != before


@pytest.mark.reliability
def test_an_unknown_suite_error_suggests_the_nearest_and_lists_all(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"'apy' \(did you mean 'api'\?\); suites: api, my-auth"):
        load(root).suite("apy")
