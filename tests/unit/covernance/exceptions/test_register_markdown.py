from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.exceptions.register_markdown import BEGIN, EMPTY, END, Machine, Opening
from covernance.exceptions.row import Row, Status
from tests.unit.covernance.exceptions.register_samples import (
    DELIMITER,
    HEAD,
    document,
    line,
    read,
)

pytestmark = pytest.mark.architecture

KEY = ("apps/a.py", "api")
NEW = Machine("61.53 / 90", "open since 2026-11-21")


def opening(module: str, suite: str = "api") -> Opening:
    return Opening(module=module, suite=suite, machine=NEW, owner="@a|b", review=date(2027, 2, 19))


def modules(text: str) -> list[str]:
    return [row.module for row in read(text).rows]


def test_a_row_is_parsed() -> None:
    assert read(document(line())).rows == (
        Row(
            line=6,
            module="apps/a.py",
            suite="api",
            current="50.00 / 90",
            rationale="Why",
            owner="@a",
            review=date(2027, 1, 1),
            plan="Plan",
            status=Status("open", date(2026, 11, 1)),
        ),
    )


def test_the_empty_section_is_a_register_without_rows() -> None:
    assert read(EMPTY).rows == ()


@pytest.mark.parametrize(
    ("cell", "read_as"),
    [
        ("plain words", "plain words"),
        (r"either a\|b or `c\|d`", "either a|b or c|d"),
        ("**bold** and [a link](https://example.org/x_y_z)", "bold and a link"),
        ("said <!-- and thought -->", "said"),
        (r"a backslash \\", "a backslash \\"),
        ("&amp;", "&"),
        ("`code", "`code"),
        ("", ""),
    ],
)
def test_a_cell_is_read_as_it_is_displayed(cell: str, read_as: str) -> None:
    assert read(document(line(rationale=cell))).rows[0].rationale == read_as


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("`apps/__init__.py`", "apps/__init__.py"),
        ("apps/__init__.py", "apps/__init__.py"),
        ("[`apps/__init__.py`](../apps/__init__.py)", "apps/__init__.py"),
        (r"`a\|b.py`", "a|b.py"),
        ("`` a`b.py ``", "a`b.py"),
        ("a*b*c.py", "a*b*c.py"),
    ],
)
def test_a_module_is_the_inline_code_or_the_complete_cell(cell: str, path: str) -> None:
    assert read(document(line(module=cell))).rows[0].module == path


@pytest.mark.parametrize("shape", ["| {} |", "{}", "   | {} |", "|{}|\t", "| {}"])
def test_a_row_may_be_indented_or_without_outer_pipes(shape: str) -> None:
    text = document(shape.format(line().strip("| ")))
    assert read(text).rows[0].module == "apps/a.py"
    again = read(text).rewrite({KEY: NEW}, ())
    assert read(again).rows[0].current == NEW.current
    assert read(again).rows[0].plan == "Plan"


def test_markers_inside_code_are_not_markers() -> None:
    text = f"```\n{BEGIN}\n```\n\n    {END}\n\n{document(line())}"
    assert modules(text) == ["apps/a.py"]


def test_markers_inside_a_quotation_are_not_markers() -> None:
    assert modules(f"> {BEGIN}\n> {END}\n\n{document(line())}") == ["apps/a.py"]


def test_only_generated_cells_change() -> None:
    text = document(line(rationale=r"a\|b `c\|d`", plan="  wide  "), line(module="`b`"))
    changed = read(text).rewrite({KEY: NEW}, ())
    expected = text.replace("| 50.00 / 90 |", f"| {NEW.current} |", 1)
    assert changed == expected.replace("open since 2026-11-01", NEW.status, 1)


def test_a_column_stays_aligned_if_the_new_text_is_shorter() -> None:
    text = document(line(current="100.00 / 90", status="open since 2026-11-01      "))
    changed = read(text).rewrite({KEY: Machine("1 / 90", "open")}, ())
    assert len(changed) == len(text)
    assert "| 1 / 90      |" in changed


def test_an_empty_cell_without_space_is_filled() -> None:
    changed = read(document(line(current="").replace("|  |", "||"))).rewrite({KEY: NEW}, ())
    assert f"| {NEW.current} |" in changed


def test_a_cell_with_the_same_content_does_not_change() -> None:
    text = document(line(current="  50.00 / 90   "))
    row = read(text).rows[0]
    assert read(text).rewrite({row.key: Machine(row.current, str(row.status))}, ()) == text


def test_rows_are_inserted_sorted_and_no_row_moves() -> None:
    text = document(line(module="`m`"), line(module="`z`"), line(module="`c`"))
    added = read(text).rewrite({}, [opening(module) for module in ("x", "zz", "b", "a", "n")])
    assert modules(added) == ["a", "b", "m", "n", "x", "z", "c", "zz"]
    assert [row for row in added.splitlines() if row in text.splitlines()] == text.splitlines()


def test_rows_are_sorted_by_path_and_not_by_markup() -> None:
    assert modules(read(document()).rewrite({}, map(opening, ("a`", "a-b")))) == ["a-b", "a`"]


def test_two_suites_of_one_module_have_two_rows() -> None:
    added = read(document()).rewrite({}, [opening("a", "auth"), opening("a", "api")])
    assert [row.key for row in read(added).rows] == [("a", "api"), ("a", "auth")]


def test_an_inserted_row_asks_for_a_rationale_and_has_an_owner() -> None:
    text = read(document()).rewrite({}, [opening("a")])
    assert f"\n| `a` | api | {NEW.current} | **TODO: rationale** | @a\\|b | 2027-02-19 |" in text
    (row,) = read(text).rows
    assert row.unfilled == ("rationale",)
    assert (row.owner, row.review, row.plan) == ("@a|b", date(2027, 2, 19), "")
    assert (row.current, str(row.status)) == (NEW.current, NEW.status)


@pytest.mark.reliability
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_endings_do_not_change(newline: str) -> None:
    text = document(line(), newline=newline)
    changed = read(text).rewrite({KEY: NEW}, [opening("b")])
    assert len(read(changed).rows) == 2
    without = changed.replace(newline, "")
    assert "\r" not in without
    assert "\n" not in without


@pytest.mark.reliability
def test_spaces_at_the_end_of_a_line_are_not_part_of_its_ending() -> None:
    text = document().replace(DELIMITER, f"{DELIMITER} \t")
    inserted = read(text).rewrite({}, [opening("b")]).splitlines()[5]
    assert inserted.endswith(f"{NEW.status} |")


@pytest.mark.reliability
@pytest.mark.parametrize(
    "path",
    ["`a`", "a|b", "a\\", "``", " a", "a ", " a ", "a`", "*a*", "<b>", "&amp;", "é", "a``b`c"],
)
def test_a_written_path_is_read_back(path: str) -> None:
    assert modules(read(document()).rewrite({}, [opening(path)])) == [path]


@pytest.mark.reliability
@pytest.mark.parametrize("path", ["a\nb", "a\r", " ", ""])
def test_a_path_that_a_table_can_not_contain_is_rejected(path: str) -> None:
    with pytest.raises(InputError, match="can't be written in a Markdown table; rename"):
        read(document()).rewrite({}, [opening(path)])


BROKEN = {
    "no marker": ("# Title\n", 1, "covernance:exceptions:begin --> is missing"),
    "nothing": ("", 1, "begin --> is missing"),
    "no end": (f"{BEGIN}\n{HEAD}\n{DELIMITER}\n", 3, "end --> is missing"),
    "two begins": (f"{BEGIN}\n{document()}", 4, "second <!-- covernance:exceptions:begin -->"),
    "turned": (f"{END}\n\n{BEGIN}\n", 1, "--> is before <!--"),
    "no table": (f"{BEGIN}\n\n{END}\n", 3, "no table before this marker"),
    "no delimiter": (f"{BEGIN}\n{HEAD}\n{END}\n", 2, "not part of the table"),
    "short delimiter": (f"{BEGIN}\n{HEAD}\n|---|\n{END}\n", 2, "not part of the table"),
    "text before": (f"{BEGIN}\nText\n\n{HEAD}\n{DELIMITER}\n{END}\n", 2, "not part of the table"),
    "blank line": (document(line(), "", line(module="`b`")), 8, "not part of the table"),
    "two tables": (document("", HEAD, DELIMITER), 7, "not part of the table"),
    "comment": (document(line(), "<!-- a note -->"), 7, "not part of the table"),
    "columns": (document().replace("rationale", "reason"), 4, "columns must be module | suite"),
    "few columns": (f"{BEGIN}\n| module |\n|---|\n{END}", 2, "columns must be module"),
    "short row": (document(line(), "| `b` | api |"), 7, r"has 2 cells, the table has 8 columns"),
    "no last cell": (document(line().rpartition("| open")[0] + "|"), 6, "has 7 cells"),
    "text": (document("Text"), 6, "has 1 cells"),
    "long row": (document(line() + " more |"), 6, "more cells than the table has columns (8)"),
    "empty cell too many": (document(line() + "|"), 6, "more cells"),
    "pipe": (document(line(rationale="a|b")), 6, r"a pipe inside a cell is written \|"),
    "no module": (document(line(module="")), 6, "module is empty"),
    "empty row": (document("|" + "  |" * 8), 6, "module is empty"),
    "empty row, indented": (document("   |" + "  |" * 8), 6, "module is empty"),
    "suite": (document(line(suite="web")), 6, "suite 'web' does not exist; suites: api, auth"),
    "date": (document(line(review="1.2.2027")), 6, "review date '1.2.2027' is not a date"),
    "no such day": (document(line(review="2027-02-30")), 6, "write it as YYYY-MM-DD"),
    "no date": (document(line(review="")), 6, "review date '' is not a date"),
    "status": (document(line(status="wontfix")), 6, "status 'wontfix' is neither"),
    "twice": (document(line(), line(module="apps/a.py")), 7, "already has a row in line 6"),
    "ours": (document("<<<<<<< HEAD", line()), 6, "unresolved merge conflict (<<<<<<<)"),
    "base": (document(line(), "||||||| base"), 7, "unresolved merge conflict (|||||||)"),
    "theirs": (document() + "\n>>>>>>> topic", 9, "unresolved merge conflict (>>>>>>>)"),
    "half a conflict": (document(line(), "=======", line(module="`b`")), 7, "has 1 cells"),
    "damage": (document(line(plan="a\0b")), 6, "contains a NUL character"),
}


@pytest.mark.reliability
@pytest.mark.parametrize(("text", "number", "problem"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_broken_register_is_a_clear_error_with_its_line(
    text: str, number: int, problem: str, newline: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(text.replace("\n", newline))
    assert str(refused.value).startswith(f"register.md:{number}: ")
    assert problem in str(refused.value)


SYNTAX = [BEGIN, END, HEAD, DELIMITER, line(), "|", "\\", "`", "<!--", "-->", "```", "> ", "- "]
ENDINGS = ["\n", "\r\n", "\r", "\f", "\u2028", "\0"]
PIECES = st.sampled_from([*SYNTAX, *ENDINGS, "=======", "<<<<<<<", "    ", "2026-01-01", "api"])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A register with some pieces removed and others inserted."""
    text = document(line(), line(module="`b`"))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 30))
        text = text[:start] + draw(PIECES | st.text(max_size=9)) + text[end:]
    return text


@pytest.mark.reliability
@given(damaged() | st.lists(PIECES | st.text()).map("".join))
def test_any_text_gives_a_register_or_a_clear_error(text: str) -> None:
    try:
        register = read(text)
    except InputError as error:
        _, number, problem = str(error).split(":", 2)
        assert 1 <= int(number) <= text.count("\n") + text.count("\r") + 1
        assert problem
    else:
        assert register.rewrite({}, ()) == text
        again = read(register.rewrite({row.key: NEW for row in register.rows}, [opening("new")]))
        assert {row.current for row in again.rows} == {NEW.current}
        assert len(again.rows) == len(register.rows) + 1
