from __future__ import annotations

from pathlib import Path

import pytest

from covernance.engine.arguments import PytestArguments, ReportRequest, parse
from covernance.errors import InputError

pytestmark = pytest.mark.architecture


def test_nothing_given_is_a_full_run_that_stays_quiet(tmp_path: Path) -> None:
    arguments = parse((), tmp_path)
    assert arguments == PytestArguments()
    assert not arguments.speaks
    assert not arguments.interactive


@pytest.mark.parametrize(
    ("given", "reports"),
    [
        (("--cov-report=xml:a/b.xml",), [ReportRequest("xml", "a/b.xml")]),
        (("--cov-report", "json"), [ReportRequest("json", None)]),
        (("--cov-report=html:out",), [ReportRequest("html", "out")]),
        (("--cov-report=lcov:x.info",), [ReportRequest("lcov", "x.info")]),
        (("--cov-report=term:skip-covered",), [ReportRequest("term", None)]),
        (("--cov-report=term-missing",), [ReportRequest("term-missing", None)]),
        (("--cov-report=",), []),
    ],
)
def test_report_options_are_taken_as_pytest_cov_takes_them(
    tmp_path: Path, given: tuple[str, ...], reports: list[ReportRequest]
) -> None:
    arguments = parse(given, tmp_path)
    assert list(arguments.reports) == reports
    assert arguments.rest == ()
    assert not arguments.speaks
    assert not arguments.narrowing


@pytest.mark.reliability
@pytest.mark.parametrize("given", ["--cov", "--cov=apps", "--cov-fail-under=9", "--no-cov"])
def test_what_the_layer_stands_in_for_is_refused_with_the_way_out(
    tmp_path: Path, given: str
) -> None:
    with pytest.raises(InputError, match="in pytest-cov's stead"):
        parse((given,), tmp_path)


@pytest.mark.reliability
@pytest.mark.parametrize("given", [("--cov-report",), ("-k",), ("-m",)])
def test_an_option_without_its_value_is_refused(tmp_path: Path, given: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=f"^{given[0]}: needs a value"):
        parse(given, tmp_path)


@pytest.mark.reliability
def test_an_unknown_report_format_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'pdf' is no report format; formats: html, xml"):
        parse(("--cov-report=pdf:x",), tmp_path)


@pytest.mark.parametrize(
    ("given", "expression"),
    [(("-m", "slow"), "slow"), (("-mslow",), "slow"), (("-m", "a", "-m", "b"), "b")],
)
def test_a_marker_expression_is_kept_apart_and_narrows(
    tmp_path: Path, given: tuple[str, ...], expression: str
) -> None:
    arguments = parse(given, tmp_path)
    assert arguments.expression == expression
    assert arguments.rest == ()
    assert arguments.narrowing


@pytest.mark.parametrize(
    "given",
    [
        ("-k", "tenant"),
        ("-ktenant",),
        ("--deselect=x",),
        ("--lf",),
        ("--collect-only",),
        ("--ignore=tests/x",),
    ],
)
def test_a_selection_narrows_and_goes_to_pytest_unchanged(
    tmp_path: Path, given: tuple[str, ...]
) -> None:
    arguments = parse(given, tmp_path)
    assert arguments.rest == given
    assert arguments.narrowing
    assert arguments.speaks


@pytest.mark.parametrize("given", [("-x",), ("-n", "2"), ("-q",), ("--maxfail=1",)])
def test_how_to_run_does_not_narrow(tmp_path: Path, given: tuple[str, ...]) -> None:
    arguments = parse(given, tmp_path)
    assert arguments.rest == given
    assert not arguments.narrowing


def test_a_path_replaces_the_suites_own(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").touch()
    arguments = parse(("tests/test_x.py::test_a", "--reruns", "3"), tmp_path)
    assert arguments.paths == ("tests/test_x.py::test_a",)
    assert arguments.rest == ("--reruns", "3")


def test_the_value_of_an_option_is_no_path_though_it_exists(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert parse(("-k", "tests"), tmp_path).paths == ()


def test_the_value_of_a_long_option_is_no_path_either(tmp_path: Path) -> None:
    (tmp_path / "out.xml").touch()
    arguments = parse(("--junitxml", "out.xml", "--ignore", "out.xml"), tmp_path)
    assert arguments.paths == ()
    assert arguments.narrowing == ("--ignore 'out.xml'",)
    assert arguments.one_file == "--junitxml"


def test_short_flags_in_one_word_are_taken_apart(tmp_path: Path) -> None:
    arguments = parse(("-vsm", "slow", "-xk", "tenant"), tmp_path)
    assert arguments.rest == ("-v", "-s", "-x", "-k", "tenant")
    assert arguments.expression == "slow"
    assert arguments.interactive
    assert parse(("--capture", "no"), tmp_path).interactive


@pytest.mark.parametrize("given", ["--pdb", "--trace", "-s"])
def test_a_debugger_asks_for_the_terminal(tmp_path: Path, given: str) -> None:
    assert parse((given,), tmp_path).interactive


@pytest.mark.parametrize(
    ("given", "spreads"),
    [
        (("-n", "2"), True),
        (("-nauto",), True),
        (("--numprocesses=3",), True),
        (("--dist", "loadfile"), True),
        (("-p", "no:xdist"), True),
        (("-x", "--no-header"), False),
    ],
)
def test_who_names_processes_is_left_to_it(
    tmp_path: Path, given: tuple[str, ...], *, spreads: bool
) -> None:
    assert parse(given, tmp_path).spreads is spreads
