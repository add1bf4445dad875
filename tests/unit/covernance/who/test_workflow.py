from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Table
from covernance.errors import InputError
from covernance.who.render import Answer, Ran
from covernance.who.workflow import Place, find_tests, match_lines, parse
from tests.unit.covernance.who.conftest import FIRST, SECOND, SOURCE
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def ask(table: Table, *places: str) -> list[Answer]:
    return find_tests(context_of(table), parse(places, table.root, table.root))


def test_line_lists_its_tests_with_all_their_themes(recorded: Table) -> None:
    (answer,) = ask(recorded, "calc/__init__.py:7")
    assert answer.ran == (
        Ran("", ("reliability",), "7", set_up=True),
        Ran(FIRST, ("reliability", "security"), "7"),
    )
    assert (answer.suite, answer.commit, answer.stale) == ("calc", "0" * 40, ())


def test_each_line_of_a_file_is_classified_once(recorded: Table) -> None:
    (answer,) = ask(recorded, "calc/__init__.py")
    assert {ran.test: ran.lines for ran in answer.ran} == {
        "": "6-7",
        FIRST: "6-7",
        SECOND: "6,8",
        "tests/test_calc.py": "6,8",
    }
    assert answer.imported == "1,3-5,10"
    assert answer.never == "11"
    assert answer.without_statement == "2,9"


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("calc/__init__.py:4", "imported"),
        ("calc/__init__.py:11", "never"),
        ("calc/__init__.py:9", "without_statement"),
    ],
)
def test_line_without_tests_has_a_reason(recorded: Table, place: str, field: str) -> None:
    (answer,) = ask(recorded, place)
    assert answer.ran == ()
    assert getattr(answer, field) == place.partition(":")[2]


@pytest.mark.reliability
def test_moved_lines_are_found_and_edited_lines_are_listed(
    recorded: Table, repository: Repository
) -> None:
    repository.write(
        "calc/__init__.py", SOURCE.replace("return 1", "return 3").replace("os\n\n", "os\n\n\n", 1)
    )
    (answer,) = ask(recorded, "calc/__init__.py:7-9")
    assert answer.stale == ("calc/__init__.py",)
    assert answer.edited == "8"
    assert {ran.test: ran.lines for ran in answer.ran} == {
        "": "7",
        FIRST: "7",
        SECOND: "7,9",
        "tests/test_calc.py": "7,9",
    }


@pytest.mark.reliability
def test_edited_tests_and_deleted_sources_are_stale(
    recorded: Table, repository: Repository
) -> None:
    repository.append("tests/test_calc.py", "# more\n")
    (repository.root / "calc/__init__.py").unlink()
    (answer,) = ask(recorded, "calc/__init__.py:7")
    assert answer.stale == ("calc/__init__.py", "tests/test_calc.py")


@pytest.mark.parametrize("folder", ["calc", ".", "tests"])
def test_path_is_relative_to_the_current_folder_or_the_root(table: Table, folder: str) -> None:
    text = "__init__.py:7" if folder == "calc" else "calc/__init__.py:7"
    (place,) = parse([text], table.root, table.root / folder)
    assert place == Place("calc/__init__.py", range(7, 8))
    assert place.asked == "7"


def test_place_is_a_file_a_line_or_a_range(table: Table) -> None:
    places = parse(["a.py", "a.py:3", "a.py:3-5", "a:b.py"], table.root, table.root)
    assert [(place.path, place.asked) for place in places] == [
        *(("a.py", ""), ("a.py", "3"), ("a.py", "3-5"), ("a:b.py", "")),
    ]


@pytest.mark.security
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("calc/__init__.py:7-3", "the last line is before the first"),
        ("calc/__init__.py:12", "the file has 11 lines"),
        ("calc/_init_.py", "did you mean 'calc/__init__.py'"),
        ("nothing/like/it", "is not part of any suite; give FILE"),
        ("calc/new.py", "did not measure it; it is newer or omitted"),
    ],
)
def test_invalid_place_is_an_error(
    recorded: Table, repository: Repository, place: str, message: str
) -> None:
    repository.write("calc/new.py", "")
    with pytest.raises(InputError, match=message):
        ask(recorded, place)


def test_missing_recording_error_names_the_command(table: Table) -> None:
    with pytest.raises(InputError, match="run `covernance run --suite calc --contexts=test` first"):
        ask(table, "calc/__init__.py:7")


@given(
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=9),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=9),
)
def test_matched_lines_are_equal_and_in_order(then: list[str], now: list[str]) -> None:
    numbers = match_lines("\n".join(then), "\n".join(now))
    assert all(now[line - 1] == then[before - 1] for line, before in numbers.items())
    assert sorted(numbers) == list(numbers)
    assert sorted(numbers.values()) == list(numbers.values())
    if then == now:
        assert len(numbers) == len(now)
