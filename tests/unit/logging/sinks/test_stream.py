from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import pytest

from logging_lib.console import render_console
from logging_lib.descriptors import StalledError
from logging_lib.sinks.base import Entry
from logging_lib.sinks.stream import StreamSink
from tests.unit.logging.conftest import fill


@pytest.fixture
def sink() -> StreamSink:
    return StreamSink("stderr", render=str, timeout_s=0.01)


@contextmanager
def piped_stderr() -> Iterator[int]:
    """Replace standard error with a pipe; yield the reading end.

    Not a fixture, because pytest replaces the streams between a fixture and its test.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)  # an empty pipe must fail a test, not hang it
    with os.fdopen(writing, "w") as stream, redirect_stderr(stream):
        yield reading
    os.close(reading)


@pytest.mark.architecture
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_lines_are_written_to_the_current_stream(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = StreamSink("stdout" if name == "stdout" else "stderr", render=str, timeout_s=1)
    replaced = io.StringIO()
    monkeypatch.setattr(sys, name, replaced)
    sink.write([Entry(20, "a"), Entry(20, "b")])
    assert replaced.getvalue() == "a\nb\n"


@pytest.mark.architecture
def test_lines_are_rendered_in_the_output_format(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = io.StringIO()
    monkeypatch.setattr(sys, "stderr", replaced)
    sink = StreamSink("stderr", render=render_console, timeout_s=1)
    sink.write([Entry(20, '{"level": "info", "event": "started"}')])
    assert "started" in replaced.getvalue()
    assert "{" not in replaced.getvalue()


@pytest.mark.architecture
def test_closing_the_sink_does_not_close_the_stream(sink: StreamSink) -> None:
    sink.close()
    assert not sys.stderr.closed


@pytest.mark.reliability
def test_a_line_longer_than_the_pipe_buffer_arrives_complete(sink: StreamSink) -> None:
    line = "x" * 10_000 + "\u00e9"
    with piped_stderr() as pipe:
        sink.write([Entry(20, line)])
        assert os.read(pipe, 20_000).decode() == line + "\n"


@pytest.mark.reliability
def test_a_stalled_reader_is_a_failure(sink: StreamSink) -> None:
    with piped_stderr():
        fill(sys.stderr.fileno())
        with pytest.raises(StalledError):
            sink.write([Entry(20, "a")])


@pytest.mark.security
def test_the_next_line_does_not_continue_a_cut_line(sink: StreamSink) -> None:
    """Parts of two lines must not form a record that nobody logged."""
    with piped_stderr() as pipe:
        with pytest.raises(StalledError):
            sink.write([Entry(20, '{"event": "' + "x" * 200_000)])
        cut = os.read(pipe, 200_000)
        assert not cut.endswith(b"\n")
        sink.write([Entry(20, "next")])
        assert os.read(pipe, 200_000) == b"\nnext\n"


@pytest.mark.reliability
def test_a_missing_stream_is_a_failure(sink: StreamSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(OSError, match=r"sys\.stderr is None"):
        sink.write([Entry(20, "a")])


@pytest.mark.reliability
def test_a_closed_stream_is_a_failure(sink: StreamSink, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(ValueError, match="closed file"):
        sink.write([Entry(20, "a")])
