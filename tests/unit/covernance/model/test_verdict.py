from __future__ import annotations

import pytest

from covernance.errors import Exit
from covernance.model import verdict
from covernance.model.verdict import PASS, TESTS_FAILED, Verdict

pytestmark = pytest.mark.security

NAMES = {
    value for name, value in vars(verdict).items() if name.isupper() and isinstance(value, str)
}


def test_exit_codes_are_0_for_pass_1_for_failed_tests_and_2_otherwise() -> None:
    assert {PASS, TESTS_FAILED} < NAMES
    assert Verdict(PASS).exit is Exit.PASS
    assert Verdict(TESTS_FAILED).exit is Exit.TESTS_FAILED
    assert {Verdict(name).exit for name in NAMES - {PASS, TESTS_FAILED}} == {Exit.GATE}


@pytest.mark.parametrize("name", ["", "Pass", "passed", "a verdict of a newer version"])
def test_an_unknown_verdict_fails(name: str) -> None:
    assert Verdict(name).exit is Exit.GATE
