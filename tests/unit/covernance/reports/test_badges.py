from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
import pytest

from covernance.errors import ConfigError
from covernance.model.snapshot import Snapshot
from covernance.reports.badges import badges
from covernance.reports.state import State

pytestmark = pytest.mark.architecture

GOOD, BAD, INFORMS = "#116329", "#a40e26", "#0a4b9c"


def state(**suites: Snapshot | None) -> State:
    return State(themes=("architecture", "security"), suites=suites)


def read_title(badge: bytes) -> str | None:
    root = ET.fromstring(badge)  # noqa: S314 - the layer's own text
    assert root.get("role") == "img"
    title = root.findtext("{http://www.w3.org/2000/svg}title")
    assert root.get("aria-label") == title
    return title


def test_every_suite_and_theme_has_a_badge(snapshot: Snapshot) -> None:
    assert {
        name: read_title(badge) for name, badge in badges(state(api=snapshot, web=None)).items()
    } == {
        "api.svg": "api coverage: 75.00 % below-floor",
        "web.svg": "web coverage: missing",
        "api-architecture.svg": "api architecture: no tests",
        "api-security.svg": "api security: 66.66 % earned",
    }


def test_colour_shows_the_verdict_of_a_suite(snapshot: Snapshot) -> None:
    passing = msgspec.structs.replace(snapshot, suite="web", verdict="pass")
    drawn = {
        name: badge.decode() for name, badge in badges(state(api=snapshot, web=passing)).items()
    }
    assert BAD in drawn["api.svg"]
    assert GOOD in drawn["web.svg"]
    assert "pass" not in drawn["web.svg"]
    assert BAD in drawn["api-architecture.svg"]
    assert INFORMS in drawn["api-security.svg"]


@pytest.mark.security
def test_theme_that_is_not_in_the_table_has_no_badge(snapshot: Snapshot) -> None:
    hostile = msgspec.structs.replace(
        snapshot, themes={"../../evil": snapshot.themes["security"]}, verdict="<script>"
    )
    drawn = badges(state(api=hostile))
    assert list(drawn) == ["api.svg"]
    assert b"<script>" not in drawn["api.svg"]


@pytest.mark.reliability
def test_two_badges_with_the_same_name_are_rejected(snapshot: Snapshot) -> None:
    suites = {"api": snapshot, "api-security": None}
    with pytest.raises(ConfigError, match=r"api-security\.svg: suite 'api-security' and theme"):
        badges(state(**suites))
