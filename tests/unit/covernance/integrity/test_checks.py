from __future__ import annotations

import ast

import pytest

from covernance.integrity.checks import count_checks

pytestmark = pytest.mark.security


@pytest.mark.parametrize(
    ("body", "checks"),
    [
        ("assert f(1) == 2\nassert x", 2),
        ("with pytest.raises(ValueError):\n    f()", 1),
        ("self.assertEqual(f(1), 2)", 1),
        ("verify_answer(f(1))", 1),
        ("mock.assert_called_once()", 1),
        ("for x in y:\n    if x:\n        assert x", 1),
        ("f(1)", 0),
        ("pass", 0),
        ("assert True", 0),
        ("return\nassert f(1)", 0),
        ("if a:\n    return\n    assert f(1)\nassert b", 1),
        ("if False:\n    assert f(1)", 0),
        ("while 0:\n    assert f(1)\nelse:\n    assert f(2)", 1),
    ],
)
def test_checks_that_can_be_reached_are_counted(body: str, checks: int) -> None:
    assert count_checks(ast.parse(body).body) == checks
