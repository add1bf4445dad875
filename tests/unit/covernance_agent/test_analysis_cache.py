from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from covernance_agent import analysis_cache
from covernance_agent.analysis import Rules, analyse
from covernance_agent.analysis_cache import AnalysisCache

pytestmark = pytest.mark.reliability

RULES = Rules(exclude=("no cover",), partial=("no branch",))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.py"
    path.write_text("x = 1\nif x:\n    y = 2\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were analysed rather than read from the cache."""
    seen: list[Path] = []

    def counted(path: Path, rules: Rules) -> object:
        seen.append(path)
        return analyse(path, rules)

    monkeypatch.setattr(analysis_cache, "analyse", counted)
    return seen


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.architecture
def test_the_same_bytes_are_analysed_once(source: Path, folder: Path, calls: list[Path]) -> None:
    first = AnalysisCache(folder, RULES).sources([source])
    copy = source.with_name("copy.py")
    copy.write_bytes(source.read_bytes())
    assert AnalysisCache(folder, RULES).sources([source, copy]) == dict.fromkeys(
        (source, copy), first[source]
    )
    assert calls == [source]


@pytest.mark.architecture
def test_an_edit_with_the_same_size_and_time_is_analysed_again(
    source: Path, folder: Path, calls: list[Path]
) -> None:
    before = source.stat()
    AnalysisCache(folder, RULES).sources([source])
    source.write_text("x = 1\nif x:\n    pass;\n")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source.stat().st_size == before.st_size
    AnalysisCache(folder, RULES).sources([source])
    assert calls == [source, source]


@pytest.mark.architecture
def test_other_rules_have_other_entries(source: Path, folder: Path) -> None:
    AnalysisCache(folder, RULES).sources([source])
    strict = Rules(exclude=("x = 1",), partial=())
    assert AnalysisCache(folder, strict).sources([source])[source].statements == {2, 3}
    assert AnalysisCache(folder, RULES).sources([source])[source].statements == {1, 2, 3}


@pytest.mark.security
@pytest.mark.parametrize("damage", [b"", b"rubbish" * 20, None])
def test_a_damaged_or_foreign_entry_is_replaced(
    source: Path, folder: Path, calls: list[Path], damage: bytes | None
) -> None:
    good = AnalysisCache(folder, RULES).sources([source])
    (entry,) = entries(folder)
    if damage is None:
        other = source.with_name("other.py")
        other.write_text("y = 1\n")
        AnalysisCache(folder, RULES).sources([other])
        (foreign,) = set(entries(folder)) - {entry}
        damage = foreign.read_bytes()
    entry.write_bytes(damage)
    calls.clear()
    assert AnalysisCache(folder, RULES).sources([source]) == good
    assert AnalysisCache(folder, RULES).sources([source]) == good
    assert calls == [source]


def test_a_file_edited_during_its_analysis_is_not_stored(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(path: Path, rules: Rules) -> object:
        path.write_text("x = 2\n")
        return analyse(path, rules)

    monkeypatch.setattr(analysis_cache, "analyse", slow)
    assert AnalysisCache(folder, RULES).sources([source])[source].statements == {1}
    assert entries(folder) == []


def test_sources_are_analysed_without_a_writable_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sources = AnalysisCache(tmp_path / "file" / "cache", RULES).sources([source])
    assert sources[source].statements == {1, 2, 3}


def test_files_that_are_missing_or_not_python_are_left_out(source: Path, folder: Path) -> None:
    bad = source.with_name("bad.py")
    bad.write_text("def f(:\n")
    sources = AnalysisCache(folder, RULES).sources([bad, source, source.with_name("gone.py")])
    assert list(sources) == [source]


def test_a_fifo_is_left_out_and_not_waited_for(source: Path, folder: Path) -> None:
    fifo = source.with_name("fifo.py")
    os.mkfifo(fifo)
    assert list(AnalysisCache(folder, RULES).sources([fifo, source])) == [source]


def test_the_least_recently_used_entries_are_removed(
    source: Path, folder: Path, calls: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [source.with_name(f"s{number}.py") for number in range(3)]
    cache = AnalysisCache(folder, RULES)
    for number, path in enumerate(sources):
        path.write_text(f"x = {number}\n")
        known = set(entries(folder))
        cache.sources([path])
        (entry,) = set(entries(folder)) - known
        os.utime(entry, (number, number))
    size = entry.stat().st_size
    cache.sources(sources[:1])  # used again
    monkeypatch.setattr(analysis_cache, "MOST_BYTES", 3 * size)
    source.write_text("x = 3\n")
    cache.sources([source])
    calls.clear()
    cache.sources([*sources, source])
    assert calls == sources[1:2]


@pytest.mark.architecture
def test_many_new_sources_are_analysed_in_several_processes(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = []

    def share(paths: Sequence[str], work: Callable[[Sequence[str]], bytes]) -> list[bytes]:
        processes.extend([paths[:1], paths[1:]])
        return [work(part) for part in processes]

    paths = [source, source.with_name("other.py"), source.with_name("bad.py")]
    paths[1].write_text("y = 1\n")
    paths[2].write_text("def f(:\n")
    expected = AnalysisCache(folder / "alone", RULES).sources(paths)
    monkeypatch.setattr(analysis_cache, "_PARALLEL_MIN_BYTES", 1)
    monkeypatch.setattr(analysis_cache, "share", share)
    spread = AnalysisCache(folder / "spread", RULES)
    assert spread.sources(paths) == expected
    assert [*map(len, processes)] == [1, 2]
    assert [path.name for path in entries(folder / "spread")] == [
        path.name for path in entries(folder / "alone")
    ]
