from __future__ import annotations

import pytest
from coverage.parser import PythonParser
from hypothesis import given
from hypothesis import strategies as st

from covernance.integrity.pragmas import Pragmas, find_pragmas

pytestmark = pytest.mark.architecture

NO_COVER = (r"#\s*pragma[:\s]?\s*no\s*cover", "raise NotImplementedError")

SOURCE = '''\
"""# pragma: no cover"""
a = 1  # pragma: no cover
b = "# pragma: no cover"
c = f"""
# pragma: no cover
"""
if a:  #pragma:no cover
    raise NotImplementedError
'''


@pytest.mark.security
def test_a_pragma_inside_a_string_counts() -> None:
    excluded = PythonParser(text=SOURCE, exclude=NO_COVER[0])
    excluded.parse_source()
    result = find_pragmas(SOURCE, NO_COVER).lines
    assert result.keys() == {1, 2, 3, 5, 7}
    assert {line for line in result if line in excluded.raw_excluded} == {1, 2, 3, 5, 7}
    assert find_pragmas(SOURCE, ()).lines == {}


def test_a_comment_that_matches_a_configured_pattern_counts() -> None:
    assert find_pragmas("x = 1  # raise NotImplementedError\n", NO_COVER).lines.keys() == {1}


@pytest.mark.reliability
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x0c\n"])
def test_lines_are_numbered_as_git_does(ending: str) -> None:
    text = ending.join(["x = 1", "y = 2  # pragma: no cover", ""])
    assert find_pragmas(text, NO_COVER).lines == {2: "y = 2  # pragma: no cover"}


@pytest.mark.security
def test_a_second_hash_does_not_hide_a_pragma() -> None:
    assert find_pragmas("def f(:\nx  # pragma: no cover # why\n", NO_COVER).lines.keys() == {2}


def test_only_new_pragmas_are_listed_whatever_their_position() -> None:
    before = Pragmas({1: "a", 2: "b", 3: "b"})
    assert Pragmas({5: "b", 6: "c", 7: "b", 9: "b"}).beyond(before) == (6, 9)
    assert before.beyond(before) == ()


@pytest.mark.reliability
@given(st.text(alphabet="a#'\"\\\n ():\tpragma: no cover"))
def test_any_text_can_be_searched(text: str) -> None:
    assert find_pragmas(text, NO_COVER).lines.keys() <= set(range(1, text.count("\n") + 2))
