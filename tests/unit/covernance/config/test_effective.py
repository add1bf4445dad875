from __future__ import annotations

import pytest

from covernance.config import load
from covernance.config.effective import list_effective_values
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

TABLE = """\
[tool.covernance]
themes = ["architecture", "security"]
fail-under = 80
max-drop = 1

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests"]
fail-under = 90.5
theme-floors = { security = 50 }
"""


def test_each_value_has_its_origin(repository: Repository) -> None:
    repository.write("pyproject.toml", TABLE)
    table = load(repository.root)
    own = "[tool.covernance.suites.calc]"
    values = {
        key: (value, where) for key, value, where in list_effective_values(table, table.suites[0])
    }
    assert values["source"] == (("calc",), own)
    assert values["fail-under"] == (("90.5",), own)
    assert values["theme-floors"] == (("security = 50",), own)
    assert values["themes"] == (("architecture", "security"), "[tool.covernance]")
    assert values["max-drop"] == (("1",), "[tool.covernance]")
    assert values["xdist"] == (("false",), "default")
    assert values["select"] == ((), "default")
