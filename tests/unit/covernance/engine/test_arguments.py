from __future__ import annotations

import pytest

from covernance.agent.environment import GivenArguments
from covernance.engine.arguments import PytestArguments, ReportRequest, split_reports
from covernance.errors import InputError

pytestmark = pytest.mark.architecture


def test_no_arguments_mean_a_full_run() -> None:
    assert split_reports(()) == PytestArguments()


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
def test_report_options_are_parsed_like_pytest_cov(
    given: tuple[str, ...], reports: list[ReportRequest]
) -> None:
    arguments = split_reports(given)
    assert list(arguments.reports) == reports
    assert arguments.rest == ()


def test_everything_else_goes_to_pytest_unchanged() -> None:
    given = ("-k", "a", "--cov-report=term", "tests/test_x.py", "-vsm", "slow")
    assert split_reports(given).rest == ("-k", "a", "tests/test_x.py", "-vsm", "slow")


@pytest.mark.reliability
@pytest.mark.parametrize("given", ["--cov", "--cov=apps", "--cov-fail-under=9", "--no-cov"])
def test_other_options_of_pytest_cov_are_rejected_with_the_alternative(given: str) -> None:
    with pytest.raises(InputError, match="instead of pytest-cov"):
        split_reports((given,))


@pytest.mark.reliability
def test_an_option_without_a_value_is_rejected() -> None:
    with pytest.raises(InputError, match=r"^--cov-report: the value is missing"):
        split_reports(("--cov-report",))


@pytest.mark.reliability
def test_an_unknown_report_format_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="'pdf' is not a report format; formats: json, xml"):
        split_reports(("--cov-report=pdf:x",))


def test_paths_make_a_run_partial_and_many_are_counted() -> None:
    few = PytestArguments(meaning=GivenArguments(narrowing=("-k 'x'",), paths=("a", "b")))
    assert few.narrowing == ("-k 'x'", "a", "b")
    many = PytestArguments(meaning=GivenArguments(paths=("a", "b", "c", "d")))
    assert many.narrowing == ("4 files and tests",)
