from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from covernance.errors import InputError
from covernance.reports.markdown import COMMENT_LIMIT, Section, code, fit, head, link, plain, row

pytestmark = pytest.mark.security


def inline(text: str) -> list[Token]:
    """What a Markdown reader with GitHub's tables renders."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return [
        child
        for token in parser.parse(text)
        for child in (token.children or [token])
        if token.type in {"inline", "html_block", "fence", "code_block"}
    ]


HOSTILE = [
    "<script>alert(1)</script>",
    "@everyone look",
    "[click](https://evil.example)",
    "a | b",
    "a \\| b",
    "`; rm -rf / ``",
    "![x](https://evil.example/x.png)",
    "&lt;b&gt;",
    "two\nlines\r\n## heading",
    "\u202egnp.exe",
    "\x1b[31mred",
    "lone \ud800 surrogate",
    "   ",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_untrusted_text_in_a_table_is_one_code_span_in_one_cell(text: str) -> None:
    lines = [*head(("a", "b", "c")), row((code(text), "x", "y"))]
    children = inline("\n".join(lines))
    assert [child.type for child in children] == [
        "text",
        "text",
        "text",
        "code_inline",
        "text",
        "text",
    ]


@given(st.text())
def test_any_text_is_one_code_span(text: str) -> None:
    assert [child.type for child in inline(f"- {code(text)}")] == ["code_inline"]


@given(
    st.text(
        st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="|"), max_size=200
    )
)
def test_visible_text_is_unchanged(text: str) -> None:
    shown = inline(f"- {code(text)}")[0].content
    assert shown.strip() == text.strip()


def test_invisible_characters_are_escaped() -> None:
    assert code("a\u202eb\nc\x1b") == "`a\\u202eb\\nc\\x1b`"


def test_long_text_is_truncated() -> None:
    assert code("x" * 10_000) == "`" + "x" * 239 + "…`"


def test_link_escapes_its_label_and_url() -> None:
    text = link("report [1]", "https://ci.example.org/a b(1)?x=1&y=<2>")
    assert text == "[`report [1]`](https://ci.example.org/a%20b%281%29?x=1&y=%3C2%3E)"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//host/x", "x", ""])
def test_url_with_another_scheme_is_rejected(url: str) -> None:
    with pytest.raises(InputError, match=r"is not an http\(s\) URL"):
        link("label", url)


@pytest.mark.architecture
def test_underscores_in_names_are_escaped() -> None:
    assert inline(plain("_a_b_"))[0].content == "_a_b_"


@pytest.mark.architecture
def test_numeric_columns_are_right_aligned() -> None:
    assert head(("suite", "%"), numeric={"%"}) == ("| suite | % |", "| :-- | --: |")


@pytest.mark.architecture
def test_sections_that_fit_are_complete() -> None:
    sections = [Section(("# A",), ("- 1", "- 2")), Section(("# B", "text"))]
    assert fit(sections) == "# A\n- 1\n- 2\n\n# B\ntext\n"


@pytest.mark.reliability
def test_rows_are_cut_from_the_end_and_counted() -> None:
    rows = tuple(f"- {number}" for number in range(100))
    text = fit([Section(("# A", ""), rows, "tests"), Section(("# B",), ("- last",))], 200)
    lines = text.splitlines()
    end = lines.index("")
    shown = [line for line in lines if line.startswith("- ") and line != "- last"]
    assert shown == list(rows[: len(shown)])
    assert f"… {100 - len(shown)} more tests, cut to fit" in lines
    assert 10 < len(shown) < 100
    assert lines[end - 1] == "# A"
    assert lines[-2:] == ["# B", "- last"]


@pytest.mark.reliability
@given(
    st.lists(st.lists(st.text(min_size=1, max_size=80), max_size=60), max_size=5),
    st.integers(1_000, 3_000),
)
def test_document_does_not_exceed_its_limit(blocks: list[list[str]], limit: int) -> None:
    sections = [
        Section(("# Title", ""), tuple(f"- {code(text)}" for text in block)) for block in blocks
    ]
    text = fit(sections, limit)
    assert len(text.encode("utf-8")) <= limit
    cut = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("… "))
    shown = sum(line.startswith("- ") for line in text.splitlines())
    assert shown + cut == sum(map(len, blocks))


@pytest.mark.architecture
def test_default_limit_is_githubs() -> None:
    assert COMMENT_LIMIT == 65_536
