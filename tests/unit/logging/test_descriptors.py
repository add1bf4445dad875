from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest

from logging_lib.descriptors import StalledError, write_some
from tests.unit.logging.conftest import fill

pytestmark = pytest.mark.reliability


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_at_most_pipe_buf_bytes_are_written_at_once(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert write_some(writing, b"x" * 100_000, timeout_s=1) == select.PIPE_BUF
    assert len(os.read(reading, 100_000)) == select.PIPE_BUF


def test_writing_to_a_full_pipe_times_out(pipe: tuple[int, int]) -> None:
    fill(pipe[1])
    with pytest.raises(StalledError, match=r"accepted no data for 0\.01 s"):
        write_some(pipe[1], b"x", timeout_s=0.01)


def test_a_closed_reader_is_an_immediate_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        write_some(writing, b"x", timeout_s=1)
    os.close(writing)
