from __future__ import annotations

from pathlib import Path

import pytest

from covernance.engine.record import SCHEMA, Collected, Record
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.run import part
from covernance.run.part import Part, ThemeEnd

pytestmark = pytest.mark.reliability

MEASURED = Part(
    suite="api",
    shard=Shard(2, 3),
    commit="0" * 40,
    dirty=False,
    contents={},
    config="f" * 64,
    python="3.11.7",
    platform="linux-x86_64",
    tools={"coverage": "7.17.3"},
    partial=(),
    themes={"security": ThemeEnd(status=0, seconds=1.5)},
)


def finished(folder: Path, *, selected: str = "", elsewhere: str = "") -> ThemeResult:
    collected = Collected(
        selected=dict.fromkeys(selected, ("security",)), elsewhere=list(elsewhere)
    )
    record = Record(
        schema=SCHEMA, exit=0, collected=collected, outcomes={}, seconds={}, collection_errors=[]
    )
    return ThemeResult(
        suite="api", theme="security", status=0, seconds=1.5, record=record, folder=folder
    )


def test_published_part_is_read_back_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "pass"
    folder.mkdir()
    (folder / ".coverage.host.1").write_bytes(b"data")
    (folder / "record.json").write_bytes(
        b'{"schema":1,"exit":0,"collected":{},"outcomes":{},"seconds":{},"collection_errors":[]}'
    )
    (folder / "output.txt").write_text("pytest's output stays here")

    target = part.publish(MEASURED, [finished(folder)], Layout(tmp_path), tmp_path / "work")

    assert target == tmp_path / "coverage/parts/api-2-of-3"
    assert part.read(target / part.FILE) == MEASURED
    (back,) = part.read_results(MEASURED, target)
    assert (back.status, back.seconds, back.theme) == (0, 1.5, "security")
    assert back.record is not None
    assert sorted(path.name for path in back.folder.iterdir()) == [
        ".coverage.host.1",
        "record.json",
    ]


def test_pass_that_died_has_no_record(tmp_path: Path) -> None:
    (back,) = part.read_results(MEASURED, tmp_path)
    assert back.record is None


@pytest.mark.security
@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff", b'{"suite":"\xff"}', b'{"suite":"api"}']
)
def test_damaged_part_error_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "part.json").write_bytes(content)
    with pytest.raises(InputError, match=r"part\.json: is not part of a suite, or is damaged"):
        part.read(tmp_path / "part.json")


@pytest.mark.security
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"collection_errors":["\xff"]}',
        b"\xff",
        b'{"schema":1,"exit":0,"collected":{},"outcomes":{"t":"odd"},"seconds":{},"collection_errors":[]}',
    ],
)
def test_damaged_record_error_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "security").mkdir()
    (tmp_path / "security/record.json").write_bytes(content)
    with pytest.raises(InputError, match=r"record\.json: is not the record of a pass, or"):
        part.read_results(MEASURED, tmp_path)


def test_missing_part_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"part\.json: can't be read: No such file"):
        part.read(tmp_path / "part.json")


def shards(*split: tuple[str, str]) -> tuple[str, ...]:
    return part.find_gaps([finished(Path(), selected=ran, elsewhere=left) for ran, left in split])


def test_shards_that_run_each_test_once_have_no_gap() -> None:
    assert shards(("ab", "c"), ("c", "ab")) == ()


@pytest.mark.security
@pytest.mark.parametrize(
    ("split", "gap"),
    [
        ([("a", "bc"), ("b", "ac")], "security: no shard ran c"),
        ([("a", "bcd"), ("b", "acd")], "security: no shard ran c and 1 more"),
        ([("ab", "c"), ("bc", "a")], "security: several shards ran b"),
        ([("a", "b"), ("b", "")], "security: a shard did not collect a"),
    ],
)
def test_gap_is_named(split: list[tuple[str, str]], gap: str) -> None:
    assert gap in shards(*split)
