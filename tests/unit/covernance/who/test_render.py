from __future__ import annotations

import msgspec
import pytest

from covernance.who.render import Answer, Ran, text

pytestmark = pytest.mark.architecture

ANSWER = Answer(
    path="calc/a.py",
    asked="7",
    suite="calc",
    commit="ab" * 20,
    dirty=False,
    recorded_at="2026-11-21T12:00:00Z",
    stale=(),
    ran=(Ran("tests/t.py::t", ("security",), "7"),),
    imported="",
    never="",
    without_statement="",
    edited="",
    again="`covernance run`",
)


def shown(**changes: object) -> list[str]:
    return text([msgspec.structs.replace(ANSWER, **changes)]).splitlines()


def test_a_line_is_shown_with_its_tests() -> None:
    assert shown() == [
        "calc/a.py:7: 1 test (calc, recorded 2026-11-21T12:00:00Z at abababababab)",
        "  security  tests/t.py::t",
    ]


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"commit": None}, "calc/a.py:7: 1 test (calc, recorded 2026-11-21T12:00:00Z)"),
        ({"dirty": True}, "1 test (calc, recorded 2026-11-21T12:00:00Z at abababababab with ch"),
        ({"asked": ""}, "calc/a.py: 1 test (calc"),
        ({"ran": ()}, "calc/a.py:7: no tests (calc"),
        ({"ran": ANSWER.ran * 2}, "calc/a.py:7: 2 tests (calc"),
        ({"ran": (Ran("", ("x",), "7", set_up=True),)}, "calc/a.py:7: no tests (calc"),
    ],
)
def test_first_line_shows_the_number_of_tests_and_the_run(
    changes: dict[str, object], first: str
) -> None:
    assert first in shown(**changes)[0]


def test_each_test_lists_its_own_lines() -> None:
    ran = (Ran("a", ("security",), "7"), Ran("", ("x", "y"), "7-8", set_up=True))
    assert shown(asked="7-8", ran=ran)[1:] == [
        "  security  a  line 7",
        "  x, y      set up for the whole session  lines 7-8",
    ]


def test_lines_without_tests_are_listed_by_reason() -> None:
    reasons = {"imported": "1", "never": "2-3", "without_statement": "4", "edited": "5,7"}
    assert shown(ran=(), asked="1-7", **reasons)[1:] == [
        "  ran at import only: line 1",
        "  never ran: lines 2-3",
        "  no statement: line 4",
        "  edited since the run: lines 5,7",
    ]
    assert not any("no statement" in line for line in shown(asked="", **reasons))


@pytest.mark.security
def test_name_cannot_control_the_terminal() -> None:
    assert "calc/\\x1b[2J.py" in shown(path="calc/\x1b[2J.py")[0]
