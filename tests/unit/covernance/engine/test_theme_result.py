from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.theme_result import ThemeResult, output_file

pytestmark = pytest.mark.reliability

Build = Callable[..., ThemeResult]


def test_files_are_the_data_and_the_record_but_not_the_output(finished: Build) -> None:
    result = finished()
    (result.folder / ".coverage.host.0").touch()
    output_file(result.folder).touch()
    assert [path.name for path in result.files] == [".coverage.host.0", ".coverage.host.1"]
    (result.folder / "record.json").touch()
    assert [path.name for path in result.files] == [
        *(".coverage.host.0", ".coverage.host.1", "record.json")
    ]


def test_output_is_empty_if_it_was_written_to_the_terminal(finished: Build) -> None:
    result = finished()
    assert result.output == ""
    output_file(result.folder).write_bytes(b"1 passed \xff\n\n")
    assert result.output == "1 passed \N{REPLACEMENT CHARACTER}"


@pytest.mark.security
def test_theme_that_died_or_stopped_is_not_whole(finished: Build) -> None:
    assert finished().is_whole
    assert not finished(died=True).is_whole
    assert not finished(selected={"t::a": (), "t::z": ()}).is_whole


@pytest.mark.parametrize(
    ("status", "ended_well", "has_no_tests", "was_rejected"),
    [
        (0, True, False, False),
        (1, False, False, False),
        (4, False, False, True),
        (5, True, True, False),
        (-9, False, False, False),
    ],
)
def test_status_is_interpreted_as_pytest_documents_it(
    finished: Build, *, status: int, ended_well: bool, has_no_tests: bool, was_rejected: bool
) -> None:
    result = finished(status=status)
    assert (result.ended_well, result.has_no_tests, result.was_rejected) == (
        *(ended_well, has_no_tests, was_rejected),
    )
