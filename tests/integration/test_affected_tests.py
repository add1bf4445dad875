"""The tests that a change affects, on real git, pytest and coverage.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.utils.repository import CALC, Repository

pytestmark = pytest.mark.reliability

LARGEST, DIVIDE, ZERO = (
    f"tests/test_calc.py::test_{name}" for name in ("largest", "divide", "zero_is_refused")
)


@pytest.fixture(scope="module")
def _recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two suites with contexts of their tests."""
    root = tmp_path_factory.mktemp("contexts") / "repository"
    home = Repository(
        root,
        {
            "tests/test_words.py": "from lib.words import one\n\ndef test_one():\n    assert one\n",
            "lib/words.py": "one = 1\n",
            "other/__init__.py": "def one():\n    return 1\n",
            "tests_other/test_other.py": (
                "import pytest\nimport other\n\n"
                "@pytest.mark.reliability\ndef test_other():\n    assert other.one()\n"
            ),
        },
    )
    home.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests_other"]\n'
        'themes = ["reliability"]\n',
    )
    home.git("init", "-q", "-b", "main")
    home.git("add", "-A")
    home.git("commit", "-qm", "start")
    ran = home.covernance("run", environ={"COVERAGE_CONTEXTS": "test"})
    assert ran.code == 0, ran.text
    return root


@pytest.fixture
def home(_recorded: Path, tmp_path: Path) -> Repository:
    shutil.copytree(_recorded, tmp_path / "home")
    return Repository.at(tmp_path / "home")


def selected(home: Repository) -> list[str]:
    ran = home.covernance("affected-tests", "--format", "json")
    assert ran.code == 0, ran.text
    chosen: dict[str, list[str]] = json.loads(ran.out)
    assert chosen.keys() <= {"calc"}, ran.err
    return chosen.get("calc", [])


@pytest.mark.parametrize(
    ("before", "after", "tests"),
    [
        ("return a / b", "return a // b", [DIVIDE]),
        ("    if b == 0:\n", "    if not b:\n", [DIVIDE, ZERO]),
        ("        raise ValueError", "        b = 0\n        raise ValueError", [DIVIDE, ZERO]),
        ("    best = None\n", "", [LARGEST]),
        ("    return best", "    # the best\n    return best", [LARGEST]),
        ("def largest(values):", "def largest(values, /):", [DIVIDE, LARGEST, ZERO]),
        ("def largest", "LIMIT = 3\n\n\ndef largest", [DIVIDE, LARGEST, ZERO]),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_who_ran_a_changed_line_is_selected(
    home: Repository, before: str, after: str, tests: list[str], *, committed: bool
) -> None:
    assert before in CALC
    home.git("checkout", "-qb", "change")
    home.write("calc/__init__.py", CALC.replace(before, after))
    if committed:
        home.git("commit", "-qam", "change")
    assert selected(home) == tests


def test_nothing_changed_selects_nothing(home: Repository) -> None:
    assert selected(home) == []
    told = home.covernance("affected-tests")
    assert (told.out, told.err) == ("", "affected-tests: no test is affected by the change\n")


def test_new_and_edited_tests_are_selected(home: Repository) -> None:
    home.write("tests/test_new.py", "def test_new(): pass\n")
    home.append("tests/test_calc.py", "# more\n")
    assert selected(home) == ["tests/test_calc.py", "tests/test_new.py"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("lib/words.py", "changed: its last run read it"),
        ("tests/conftest.py", "is new: its last run listed tests"),
        ("tests/data.json", "is new: its last run listed tests"),
        ("calc/more.py", "is new: its last run listed calc"),
    ],
)
def test_what_else_a_suite_depends_on_selects_all_of_its_tests(
    home: Repository, path: str, why: str
) -> None:
    home.append(path, "two = 2\n")
    assert selected(home) == ["tests"]
    told = home.covernance("affected-tests")
    assert f"calc: {path} {why}" in told.err
    assert "a selection; floors are not checked" in told.err


def test_a_suite_of_which_nothing_is_recorded_is_selected_whole(home: Repository) -> None:
    shutil.rmtree(home.root / "coverage/data/other/contexts")
    home.append("other/__init__.py", "x = 1\n")
    told = home.covernance("affected-tests")
    assert told.out == "tests_other\n"
    assert "other: no recording of which tests cover which lines; `covernance run" in told.err


def test_what_the_change_edited_before_the_recording_is_selected_too(home: Repository) -> None:
    home.git("checkout", "-qb", "change")
    home.write("calc/__init__.py", CALC.replace("return a / b", "return a * (1 / b)"))
    home.git("commit", "-qam", "change")
    assert home.covernance("run", "--suite", "calc", "--contexts=test").code == 0
    assert selected(home) == [DIVIDE]
