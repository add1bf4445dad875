from __future__ import annotations

import json
import os

import msgspec
import pytest

from covernance.model.verdict import Assessment, Verdict
from covernance.shell.printing import print_json


class Sample(msgspec.Struct):
    zulu: dict[int, str]
    alpha: Assessment


@pytest.mark.architecture
def test_structs_are_printed_with_sorted_keys(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([Sample({2: "b", 1: "a"}, Assessment(Verdict.PASS, ("x",)))])
    printed = capsys.readouterr().out
    assert printed == json.dumps(json.loads(printed), indent=1, sort_keys=True) + "\n"
    assert json.loads(printed) == [
        {"alpha": {"verdict": "pass", "reasons": ["x"]}, "zulu": {"1": "a", "2": "b"}}
    ]


@pytest.mark.reliability
@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.py"), "×.py", "a\x1b[2J.py"])
def test_any_file_name_is_printed_and_read_again(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    print_json({"file": name})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed) == {"file": name}
