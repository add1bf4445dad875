from __future__ import annotations

from importlib import import_module

import pytest

from covernance.report_formats import FORMATS, STANDARD

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if not one.for_terminal])
def test_the_agent_writes_every_format_that_is_not_for_the_terminal(name: str) -> None:
    assert callable(import_module(f"covernance_agent.formats.{name}_report").write)


def test_a_full_run_writes_the_standard_reports() -> None:
    assert STANDARD == ("json", "xml", "html")


def test_json_is_indented() -> None:
    finish = FORMATS["json"].finish
    assert finish
    assert finish(b'{"a":[1]}') == b'{\n    "a": [\n        1\n    ]\n}'
