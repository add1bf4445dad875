from __future__ import annotations

import inspect

import pytest

from covernance import errors
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


@pytest.mark.parametrize("failure", KINDS)
def test_the_tool_has_the_same_class_for_each_error(failure: type[AgentError]) -> None:
    assert issubclass(getattr(errors, failure.__name__), errors.CovernanceError)
