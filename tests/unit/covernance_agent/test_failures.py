from __future__ import annotations

import inspect

import pytest

from covernance_agent import failures
from covernance_agent.failures import AgentError

pytestmark = pytest.mark.architecture

KINDS = [
    member
    for _, member in inspect.getmembers(failures, inspect.isclass)
    if issubclass(member, AgentError) and member is not AgentError
]


def test_each_error_has_its_own_kind_and_its_text_is_the_message() -> None:
    assert len({failure.kind for failure in KINDS}) == len(KINDS) > 0
    assert all(failure.kind for failure in KINDS)
    assert [str(failure("mend it")) for failure in KINDS] == ["mend it"] * len(KINDS)
