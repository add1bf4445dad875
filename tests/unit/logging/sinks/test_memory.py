from __future__ import annotations

import pytest

from logging_lib.sinks.base import Entry
from logging_lib.sinks.memory import MemorySink

pytestmark = pytest.mark.architecture


def test_records_are_stored_in_order_and_can_be_cleared() -> None:
    sink = MemorySink()
    sink.write([Entry(20, '{"n": 1}'), Entry(20, '{"n": 2}')])
    assert sink.lines == ['{"n": 1}', '{"n": 2}']
    assert sink.records == [{"n": 1}, {"n": 2}]
    sink.clear()
    assert sink.records == []


@pytest.mark.reliability
def test_old_records_are_dropped() -> None:
    sink = MemorySink(capacity=2)
    for number in range(5):
        sink.write([Entry(20, str(number))])
    assert sink.lines == ["3", "4"]


@pytest.mark.reliability
def test_records_can_be_read_after_closing() -> None:
    sink = MemorySink()
    sink.write([Entry(20, "1")])
    sink.close()
    assert sink.lines == ["1"]
