from __future__ import annotations

import pytest

from covernance.affected.import_graph import Answer, Question, answer

pytestmark = pytest.mark.architecture


def test_packages_that_lie_elsewhere_have_no_graph() -> None:
    assert answer(Question(roots=[], packages=["pytest", "no_such_package"])) == Answer({})
