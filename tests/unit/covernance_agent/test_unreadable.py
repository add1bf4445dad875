from __future__ import annotations

from pathlib import Path

import pytest
from coverage.exceptions import NoSource, NotPython

from covernance_agent.unreadable import explain_unreadable

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("below", [True, False])
def test_source_that_is_gone_is_named_with_what_to_do(tmp_path: Path, *, below: bool) -> None:
    path = Path("calc/plugin.py") if below else tmp_path / "plugin.py"
    text = explain_unreadable(NoSource(f"No source for code: '{path.absolute()}'"), "it")
    assert text.startswith(f"{path} was measured, but is not there any more")
    assert "`omit`" in text


def test_other_errors_are_those_of_coverage() -> None:
    text = explain_unreadable(NotPython("Couldn't parse 'x.py' as Python source"), "x.py")
    assert text == "coverage.py can't analyse x.py: Couldn't parse 'x.py' as Python source"
    assert explain_unreadable(NoSource("gone"), "it") == "coverage.py can't analyse it: gone"
    assert explain_unreadable(MemoryError(), "it") == "coverage.py can't analyse it: MemoryError"
