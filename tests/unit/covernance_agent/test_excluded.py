from __future__ import annotations

import pytest
from coverage import Coverage
from hypothesis import given

from covernance_agent.excluded import find_excluded, perform
from tests.unit.covernance_agent.programs import SOURCES
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture

PRAGMA = "# pragma: no cover"
REGION = "# pragma: start(?s:.*?)# pragma: stop"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", {}),
        (f"x = 1  {PRAGMA}\n", {1: f"x = 1  {PRAGMA}"}),
        (
            f"def f():  {PRAGMA}\n    x = 1\n\n    return (\n        x)\n",
            {2: "x = 1", 4: "return ("},
        ),
        ("x = 1\n# pragma: start\ny = 2\nz = 3\n# pragma: stop\n", {3: "y = 2", 4: "z = 3"}),
        (f"if TYPE_CHECKING:\n    import os  {PRAGMA}\n", {}),
        ("def f(x):\n    raise NotImplementedError\n", {}),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    x = 1\n", {}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\n", {}),
        ("TYPE_CHECKING = True\nif TYPE_CHECKING:\n    x = 1\n", {3: "x = 1"}),
        ("TYPE_CHECKING, a = True, 1\nif TYPE_CHECKING:\n    x = 1\n", {3: "x = 1"}),
        ("from own import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\n", {3: "x = 1"}),
        ("from own import x as typing\nif typing.TYPE_CHECKING:\n    x = 1\n", {3: "x = 1"}),
        ("import own as typing\nif typing.TYPE_CHECKING:\n    x = 1\n", {3: "x = 1"}),
        ("import typing\ntyping.TYPE_CHECKING = 1\nif TYPE_CHECKING:\n    x = 1\n", {4: "x = 1"}),
        ("def main():\n    x = 1\n", {2: "x = 1"}),
        ("@mark\nclass A:\n    def main(\n        self):\n        x = 1\n", {5: "x = 1"}),
        ("def f(): ...\n", {}),
        (f"def f(:  {PRAGMA}\n", {}),
        (f"x = '{PRAGMA}'\n", {}),
        ("# coding: latin-1\nx = 'é'  # é\n", {}),
        ("", {}),
    ],
)
def test_code_that_only_comments_and_settings_hide_is_excluded(
    text: str, expected: dict[int, str]
) -> None:
    own = Coverage(data_file=None, config_file=False).get_option("report:exclude_lines")
    assert isinstance(own, list)
    exclude = [PRAGMA, REGION, "if TYPE_CHECKING", "raise NotImplementedError", "def main", *own]
    assert perform({"sources": {"a.py": text}, "exclude": exclude}) == {
        "sources": {"a.py": expected}
    }


@examples_divided_by(10)
@given(SOURCES)
def test_without_patterns_nothing_is_excluded(text: str) -> None:
    assert find_excluded(text, ()) == {}
