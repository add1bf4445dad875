from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logging_lib.console import render_console
from logging_lib.pipeline import render


@pytest.mark.architecture
def test_a_record_is_a_readable_line() -> None:
    text = render_console(
        render({"timestamp": "T", "level": "info", "logger": "app", "event": "started", "port": 80})
    )
    assert text.startswith("T [info     ] started")
    assert text.endswith("[app] port=80")


@pytest.mark.architecture
def test_traceback_lines_are_prefixed_with_a_bar() -> None:
    text = render_console(render({"event": "x", "exception": "Traceback\n  File\nError: y"}))
    assert text.split("\n")[1:] == ["  | Traceback", "  |   File", "  | Error: y"]


@pytest.mark.reliability
def test_a_record_without_the_usual_fields_is_rendered() -> None:
    assert "n=1" in render_console('{"n": 1}')


@pytest.mark.security
@given(st.text(), st.text(), st.text(min_size=1))
def test_only_tracebacks_have_several_lines_and_control_characters_are_escaped(
    event: str, value: str, trace: str
) -> None:
    text = render_console(render({"event": event, "field": value, "exception": trace}))
    first, *rest = text.split("\n")
    assert all(line.startswith("  | ") for line in rest)
    assert len(rest) == trace.count("\n") + 1
    assert not any(
        character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029"
        for character in text.replace("\n", "")
    )
    assert first


@pytest.mark.security
def test_nested_values_are_escaped() -> None:
    text = render_console(render({"event": "x", "list": ["a\nb", {"k\x1b": "\r"}]}))
    assert "\n" not in text
    assert "\x1b" not in text
