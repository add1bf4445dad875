from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.exceptions.row import Status, parse_day, parse_status
from tests.unit.covernance.exceptions.register_samples import row

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", Status("open")),
        ("open", Status("open")),
        ("Open since 2026-11-01", Status("open", date(2026, 11, 1))),
        ("resolved", Status("resolved")),
        ("Resolved (abc)", Status("resolved", None, "abc")),
        ("resolved (after abc) on 2026-11-01", Status("resolved", date(2026, 11, 1), "after abc")),
    ],
)
def test_a_status_is_parsed(text: str, status: Status) -> None:
    assert parse_status(text) == status


def test_a_status_has_one_written_form() -> None:
    assert str(Status("open")) == "open"
    assert str(Status("resolved")) == "resolved"
    assert str(Status("resolved", commit="abc")) == "resolved (abc)"


@pytest.mark.reliability
@pytest.mark.parametrize(
    "text", ["wontfix", "opened", "open since", "open since soon", "resolved on 2026-02-30", "re"]
)
def test_any_other_status_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_status(text)


@given(
    st.builds(Status, st.just("open"), st.none() | st.dates())
    | st.builds(
        Status,
        st.just("resolved"),
        st.none() | st.dates(),
        st.none() | st.text("abc019 ", min_size=1),
    )
)
def test_a_written_status_is_read_back(status: Status) -> None:
    assert parse_status(str(status)) == status


@pytest.mark.reliability
@pytest.mark.parametrize(
    "text", ["", "20261101", "2026-W45-1", "2026-02-30", "1.11.2026", "2026-11"]
)
def test_a_date_has_one_written_form(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_day(text)


@pytest.mark.security
@pytest.mark.parametrize("text", ["", "-", "—", "…", "TODO", "todo: rationale", "TBD", "Tbd later"])
def test_a_cell_without_content_is_unfilled(text: str) -> None:
    assert row(rationale=text).unfilled == ("rationale",)
    assert row(owner=text).unfilled == ("owner",)


@pytest.mark.parametrize("text", ["Vendored", "a method to do it", "因为", "7"])
def test_a_cell_with_content_is_filled(text: str) -> None:
    assert row(rationale=text, owner=text).unfilled == ()
