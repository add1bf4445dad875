from __future__ import annotations

import pytest

from covernance.patch.annotations import format_warnings

TITLE = "title=Coverage of this change"


@pytest.mark.architecture
def test_consecutive_lines_with_the_same_message_are_one_warning() -> None:
    places = [("a.py", 3), ("a.py", 4), ("a.py", 6), ("b.py", 7)]
    assert format_warnings([*(("no", place) for place in places), ("half", ("b.py", 8))]) == [
        f"::warning file=a.py,line=3,endLine=4,{TITLE}::no",
        f"::warning file=a.py,line=6,endLine=6,{TITLE}::no",
        f"::warning file=b.py,line=7,endLine=7,{TITLE}::no",
        f"::warning file=b.py,line=8,endLine=8,{TITLE}::half",
    ]


@pytest.mark.reliability
def test_warnings_beyond_githubs_limit_are_counted() -> None:
    ten = [("no", ("a.py", 2 * line)) for line in range(10)]
    assert len(format_warnings(ten)) == 10
    many = format_warnings([*ten, *(("no", ("b.py", 2 * line)) for line in range(5))])
    assert many[:10] == format_warnings(ten)
    assert many[10:] == [f"::notice {TITLE}::5 more places; the log lists all"]


@pytest.mark.security
def test_file_name_cannot_inject_a_command() -> None:
    (command,) = format_warnings([("100 %", ("a,b:c\n::stop-commands::x", 1))])
    assert command == (
        f"::warning file=a%2Cb%3Ac%0A%3A%3Astop-commands%3A%3Ax,line=1,endLine=1,{TITLE}::100 %25"
    )
