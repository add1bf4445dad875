from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.model import timestamp

pytestmark = pytest.mark.reliability

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00", "2026-11-21T13:00:00+01:00", "20261121T12"],
)
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    assert timestamp.parse(text) == timestamp.read(text, "here") == NOON


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-11-21", "2026-13-01T00:00Z", "0001-01-01T00:00Z", "9999-12-31T00:00Z"],
)
def test_an_invalid_time_is_none_or_one_clear_error(text: str) -> None:
    assert timestamp.parse(text) is None
    with pytest.raises(InputError, match=f"^--until: '{text}' is not a time; write it as 2026-"):
        timestamp.read(text, "--until")


@given(st.text() | st.datetimes().map(datetime.isoformat))
def test_every_parsed_time_supports_arithmetic(text: str) -> None:
    if result := timestamp.parse(text):
        assert result - timedelta(days=1) < result.astimezone(UTC)


def test_one_day_is_singular_and_other_numbers_are_plural() -> None:
    assert [*map(timestamp.format_days, range(3))] == ["0 days", "1 day", "2 days"]
