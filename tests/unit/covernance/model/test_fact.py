from __future__ import annotations

import msgspec
import pytest

from covernance.model.fact import Fact

pytestmark = pytest.mark.architecture

FACT = Fact(kind="gate", suite="api", subject="floor", text="api is below its floor", good=False)


def test_a_subject_does_not_depend_on_the_result() -> None:
    later = msgspec.structs.replace(FACT, text="api is at its floor", good=True, state="fine")
    assert later.about == FACT.about


@pytest.mark.parametrize(
    "change", [{"kind": "drop"}, {"suite": "auth"}, {"theme": "security"}, {"subject": "total"}]
)
def test_another_kind_suite_theme_or_subject_is_another_subject(change: dict[str, str]) -> None:
    assert msgspec.structs.replace(FACT, **change).about != FACT.about


@pytest.mark.security
def test_a_fact_with_an_unknown_field_is_rejected() -> None:
    document = {"kind": "gate", "suite": "a", "subject": "b", "text": "c", "good": True}
    assert msgspec.convert(document, Fact).about.suite == "a"
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(document | {"colour": "red"}, Fact)
