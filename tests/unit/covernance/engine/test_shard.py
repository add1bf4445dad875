from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.engine.shard import Shard, parse, split_options, write_durations
from covernance.errors import InputError, MachineError

pytestmark = pytest.mark.architecture


@given(st.integers(1, 500), st.integers(0, 500))
def test_a_written_shard_is_read_back(number: int, more: int) -> None:
    shard = Shard(number, number + more)
    assert parse(str(shard), "--shard") == shard


@pytest.mark.security
@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1", "1/0", "-1/3", "1/3/5", "a/b", "1 / 3"])
def test_any_other_text_is_rejected_with_the_options_name(text: str) -> None:
    with pytest.raises(InputError, match=r"--shard: .* is not a shard; give its number"):
        parse(text, "--shard")


def test_the_complete_suite_has_its_own_name_and_no_options() -> None:
    assert Shard().part("api") == "api"
    assert split_options(Shard(), Path("durations"), ()) == ()


def test_a_part_has_a_name_for_jobs_and_artifacts() -> None:
    assert Shard(2, 3).part("api") == "api-2-of-3"
    assert {"--splits=3", "--group=2", "--durations-path=durations"} <= set(
        split_options(Shard(2, 3), Path("durations"), ["pytest_split"])
    )


@pytest.mark.reliability
def test_durations_are_written_in_pytest_splits_format(tmp_path: Path) -> None:
    write_durations(tmp_path / "d.json", {"t::b": 2.0, "t::a": 0.5})
    assert json.loads((tmp_path / "d.json").read_text()) == {"t::a": 0.5, "t::b": 2.0}


@pytest.mark.reliability
def test_a_missing_pytest_split_error_says_what_to_install() -> None:
    with pytest.raises(MachineError, match="add it to the suite's environment"):
        split_options(Shard(1, 2), Path("durations"), ["xdist"])
