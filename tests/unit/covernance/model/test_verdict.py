from __future__ import annotations

import pytest

from covernance.errors import Exit
from covernance.model.verdict import Verdict

pytestmark = pytest.mark.security


def test_exit_codes_are_0_for_pass_1_for_failed_tests_and_2_otherwise() -> None:
    exits = {verdict: verdict.exit for verdict in Verdict}
    assert exits.pop(Verdict.PASS) is Exit.PASS
    assert exits.pop(Verdict.TESTS_FAILED) is Exit.TESTS_FAILED
    assert set(exits.values()) == {Exit.GATE}


@pytest.mark.parametrize("name", ["", "Pass", "passed", "a verdict of a newer version"])
def test_an_unknown_name_is_no_verdict(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Verdict"):
        Verdict(name)


@pytest.mark.architecture
def test_every_verdict_is_spelled_as_it_is_named_and_has_one_sentence_of_meaning() -> None:
    for verdict in Verdict:
        assert str(verdict) == verdict.name.lower().replace("_", "-")
        assert verdict.meaning.endswith(".")
    assert len({verdict.meaning for verdict in Verdict}) == len(Verdict)
