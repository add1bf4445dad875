from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.python_source import (
    decode_source,
    decode_text,
    has_other_lines,
    split_source,
)

pytestmark = pytest.mark.architecture

SEPARATORS = ("\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
"""What `str.splitlines` takes for the end of a line, and Python does not."""

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
WITHIN = st.text(st.sampled_from([*SEPARATORS, "a", " "]), max_size=4)

STATEMENTS = st.one_of(
    st.builds("x = {}'{}'".format, st.just(""), WITHIN),
    st.builds("# {}".format, WITHIN),
    st.builds("{}x = 1".format, st.text(st.just("\f"), max_size=2)),
    st.builds("'''{}{}{}'''".format, WITHIN, ENDS, WITHIN),
    st.builds("x = (  # {}{}{}1)".format, WITHIN, ENDS, st.text(st.sampled_from("\f "))),
    st.builds("x = 1 + \\{}2".format, ENDS),
    st.just(""),
    st.just("\f"),
)


@given(
    st.lists(st.tuples(STATEMENTS, ENDS), max_size=12),
    st.sampled_from(["", "# coding: latin-1\n", "# coding: utf-8\r", "\ufeff", "\ufeff\n"]),
)
def test_lines_have_the_numbers_that_python_gives_them(
    statements: list[tuple[str, str]], start: str
) -> None:
    encoding = "latin-1" if "latin" in start else "utf-8"
    text = start + "".join(statement + end for statement, end in statements) + "last = 1"
    content = text.encode(encoding, errors="replace")
    module = ast.parse(content)
    lines = split_source(decode_source(content))
    assert module.body[-1].lineno == len(lines)
    for statement in module.body:
        assert statement.end_lineno is not None
        first = lines[statement.lineno - 1].encode()
        assert (
            ast.parse(
                b"\n".join(
                    [
                        first[statement.col_offset :],
                        *(line.encode() for line in lines[statement.lineno : statement.end_lineno]),
                    ]
                )
            )
            .body[0]
            .end_lineno
            == statement.end_lineno - statement.lineno + 1
        )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"x", "x"),
        (b"a\rb\r\nc\n\rd", "a\nb\nc\n\nd"),
        (b"\xef\xbb\xbfx = '\xc3\xa9'", "x = 'é'"),
        (b"# coding: latin-1\nx = '\xe9\x85'", "# coding: latin-1\nx = 'é\x85'"),
        (b"# coding: nothing\nx = '\xc3\xa9'", "# coding: nothing\nx = 'é'"),
        (b"# coding: rot13\nx", "# coding: rot13\nx"),
        (b"# coding: utf-16\nx", "# coding: utf-16\nx"),
        (b"x = '\xe9'", "x = '\ufffd'"),
    ],
)
def test_source_is_decoded_as_python_would(content: bytes, text: str) -> None:
    assert decode_source(content) == text


def test_only_python_sources_have_python_s_lines() -> None:
    assert decode_text("a.py", b"a\rb") == "a\nb"
    assert (
        decode_text("a.toml", b"\xef\xbb\xbf# coding: latin-1\r\xc3\xa9") == "# coding: latin-1\ré"
    )


@pytest.mark.parametrize(("text", "lines"), [("", []), ("\n", [""]), ("a\n\fb", ["a", "\fb"])])
def test_text_is_split_at_newlines_only(text: str, lines: list[str]) -> None:
    assert split_source(text) == lines


@given(st.binary().map(lambda content: content.replace(b"\0", b"\r")))
def test_git_has_other_lines_if_it_counts_fewer(content: bytes) -> None:
    assert has_other_lines(content) == (decode_source(content).count("\n") > content.count(b"\n"))
