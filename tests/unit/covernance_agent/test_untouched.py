from __future__ import annotations

import json
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from covernance_agent.untouched import Untouched

pytestmark = pytest.mark.reliability


def test_functions_are_those_from_before_and_then_again_those_of_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untouched, broken = Untouched(), Mock(side_effect=OSError)
    monkeypatch.setattr(os, "replace", broken)
    monkeypatch.setattr(json, "dumps", broken)
    monkeypatch.setattr(Path, "write_text", broken)
    monkeypatch.setattr(type(tmp_path), "is_file", lambda _: True, raising=False)
    with untouched.used():
        (tmp_path / "new").write_text(json.dumps([]), encoding="utf-8")
        (tmp_path / "new").replace(tmp_path / "old")
        assert not (tmp_path / "new").is_file()
    found: list[object] = [os.replace, json.dumps, Path.write_text]
    assert found == [broken] * 3
    assert (tmp_path / "new").is_file()


def test_functions_of_tests_come_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    untouched, broken = Untouched(), Mock(side_effect=OSError)
    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(ValueError, match="wrong"), untouched.used():
        raise ValueError("wrong")
    found: object = os.replace
    assert found is broken
