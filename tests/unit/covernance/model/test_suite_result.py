from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.errors import Exit
from covernance.model.snapshot import Snapshot
from covernance.model.suite_result import to_suite_result
from covernance.model.verdict import Verdict

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("pass", Exit.PASS),
        ("tests-failed", Exit.TESTS_FAILED),
        ("below-floor", Exit.GATE),
        ("expired-exception", Exit.GATE),
    ],
)
def test_an_earlier_result_has_its_verdicts_exit_code(
    snapshot: Snapshot, verdict: str, code: Exit
) -> None:
    earlier = msgspec.structs.replace(snapshot, verdict=Verdict(verdict))
    result = to_suite_result(earlier, (Path("coverage/api.json"),))
    assert (result.snapshot, result.exit) == (earlier, code)
    assert (result.partial, result.published, result.text) == ((), (Path("coverage/api.json"),), "")
