from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from apps.api.models import Base, UtcDateTime

DIALECT = sqlite.dialect()
KATHMANDU = timezone(timedelta(hours=5, minutes=45))


@pytest.mark.reliability
@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # hypothesis adds the zone
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        timezones=st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone),
    )
)
def test_a_timestamp_is_read_back_as_the_same_time_in_utc(timestamp: datetime) -> None:
    kind = UtcDateTime()
    stored = kind.process_bind_param(timestamp, DIALECT)
    assert stored is not None

    # a database without time zones returns naive times, others may return another zone
    for read in (stored.replace(tzinfo=None), stored.astimezone(KATHMANDU)):
        result = kind.process_result_value(read, DIALECT)
        assert result == timestamp
        assert result.tzinfo is UTC


@pytest.mark.architecture
def test_none_stays_none() -> None:
    assert UtcDateTime().process_bind_param(None, DIALECT) is None
    assert UtcDateTime().process_result_value(None, DIALECT) is None


@pytest.mark.architecture
def test_every_constraint_has_a_name() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert table.name in str(constraint.name)


@pytest.mark.security
def test_a_snapshot_belongs_to_a_repository_and_a_repository_to_a_tenant() -> None:
    tables = Base.metadata.tables

    assert not tables["repos"].c.tenant.nullable
    assert not tables["snapshots"].c.repo_id.nullable
    assert {key.target_fullname for key in tables["snapshots"].foreign_keys} == {"repos.id"}
    assert {key.target_fullname for key in tables["theme_results"].foreign_keys} == {"snapshots.id"}
