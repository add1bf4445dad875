"""Static analyses kept by content: the same bytes under the same rules are analysed once.

An entry is a file below a folder that is named after all else that an analysis depends on. It
begins with a digest of its name and its content; one that is damaged or foreign counts as absent.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from covernance_agent import garbage
from covernance_agent.analysis import Rules, analyse
from covernance_agent.parallel import share
from covernance_agent.source import Source

MOST_BYTES = 256 * 2**20
"""The size at which the entries that were not used for longest make room."""

_DIGEST_BYTES = 32
_WORTH_COPIES = 2**17
"""From so many bytes of sources on, analysing takes longer than processes take to be copied."""

_Sighted = tuple[Path, str, int]


class AnalysisCache:
    """A folder of analyses; it may be missing, shared by several runs, or gone at any time."""

    def __init__(self, folder: Path, rules: Rules) -> None:
        """Keep analyses under `rules` below `folder`, beside those under others."""
        self._folder = folder
        self._rules = rules
        self._mine = folder / rules.digest

    def sources(self, paths: Iterable[Path]) -> dict[Path, Source]:
        """The analysis of every file; those that coverage.py can't analyse are left out."""
        found: dict[Path, Source] = {}
        new: list[_Sighted] = []
        for path in paths:
            with suppress(OSError):
                content = path.read_bytes()
                name = hashlib.sha256(content).hexdigest()
                if source := self._read(name):
                    found[path] = source
                else:
                    new.append((path, name, len(content)))
        analysed = _analysed(new, self._rules)
        for path, name, _ in new:
            if source := analysed[str(path)]:
                found[path] = source
                self._write(path, name, source)
        if new:
            self._make_room()
        return found

    def _entry(self, name: str) -> Path:
        return self._mine / name[:2] / f"{name}.marshal"

    def _read(self, name: str) -> Source | None:
        entry = self._entry(name)
        try:
            content = entry.read_bytes()
            body = content[_DIGEST_BYTES:]
            if _digest(name, body) != content[:_DIGEST_BYTES]:
                return None
            os.utime(entry)
            return Source(*marshal.loads(body))  # noqa: S302 - what `_write` wrote, by its digest
        except OSError:
            return None

    def _write(self, path: Path, name: str, source: Source) -> None:
        """Put an entry in place in one step; without a disk that takes it there is none."""
        entry = self._entry(name)
        body = marshal.dumps(tuple(source))
        with suppress(OSError):
            if hashlib.sha256(path.read_bytes()).hexdigest() != name:
                return  # edited meanwhile: the analysis may be of either text
            entry.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=entry.parent)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_digest(name, body) + body)
            Path(temporary).replace(entry)

    def _make_room(self) -> None:
        """Remove what was not used for longest until the rest is small enough."""
        entries = []
        for path in self._folder.glob("*/*/*"):
            with suppress(OSError):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(size for _, size, _ in entries) - MOST_BYTES
        for _, size, path in sorted(entries):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size


def _digest(name: str, body: bytes) -> bytes:
    return hashlib.sha256(name.encode() + body).digest()


def _analysed(new: Sequence[_Sighted], rules: Rules) -> dict[str, Source | None]:
    """Analyse files, spread over the cores where there are enough of them to pay."""
    paths = [str(path) for path, _, _ in new]
    if sum(size for _, _, size in new) < _WORTH_COPIES:
        return _analyses(paths, rules)
    made = share(paths, lambda part: _encode(_analyses(part, rules)))
    return {path: source for content in made for path, source in _decode(content)}


def _encode(sources: Mapping[str, Source | None]) -> bytes:
    return marshal.dumps([(path, source and tuple(source)) for path, source in sources.items()])


def _decode(content: bytes) -> Iterator[tuple[str, Source | None]]:
    for path, fields in marshal.loads(content):  # noqa: S302 - from a copy of this process
        yield path, fields and Source(*fields)


@garbage.seldom()
def _analyses(paths: Iterable[str], rules: Rules) -> dict[str, Source | None]:
    return {path: analyse(Path(path), rules) for path in paths}
