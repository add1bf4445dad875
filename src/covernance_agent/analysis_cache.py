"""Cache of static analyses by content: equal bytes under equal rules are analysed once.

Each entry is one file. Its folder is named after everything else that the analysis depends on. An
entry begins with a digest of its name and content; if that does not match, the entry is ignored.
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
"""The size above which the least recently used entries are removed."""

_DIGEST_BYTES = 32
_PARALLEL_MIN_BYTES = 2**17
"""From this many bytes of source on, analysing takes longer than forking processes."""

_Unanalysed = tuple[Path, str, int]
"""A source without an entry: its path, the digest of its content, its size in bytes."""


class AnalysisCache:
    """A folder of analyses. Several runs may share it, and it may be deleted at any time."""

    def __init__(self, folder: Path, rules: Rules) -> None:
        """Store analyses under `rules` in `folder`; those under other rules stay beside them."""
        self._folder = folder
        self._rules = rules
        self._rules_folder = folder / rules.digest

    def sources(self, paths: Iterable[Path]) -> dict[Path, Source]:
        """Analyse every file; files that coverage.py can't analyse are left out."""
        sources: dict[Path, Source] = {}
        new: list[_Unanalysed] = []
        for path in filter(Path.is_file, paths):  # reading a FIFO could wait for ever
            with suppress(OSError):
                content = path.read_bytes()
                name = hashlib.sha256(content).hexdigest()
                if source := self._read(name):
                    sources[path] = source
                else:
                    new.append((path, name, len(content)))
        analysed = _analyse_new(new, self._rules)
        for path, name, _ in new:
            if source := analysed[str(path)]:
                sources[path] = source
                self._write(path, name, source)
        if new:
            self._remove_old_entries()
        return sources

    def _entry(self, name: str) -> Path:
        return self._rules_folder / name[:2] / f"{name}.marshal"

    def _read(self, name: str) -> Source | None:
        entry = self._entry(name)
        try:
            content = entry.read_bytes()
            body = content[_DIGEST_BYTES:]
            if _digest(name, body) != content[:_DIGEST_BYTES]:
                return None
            os.utime(entry)
            return Source(*marshal.loads(body))  # noqa: S302 - written by `_write`, as the digest shows
        except OSError:
            return None

    def _write(self, path: Path, name: str, source: Source) -> None:
        """Write an entry atomically; if the disk rejects it, there is no entry."""
        entry = self._entry(name)
        body = marshal.dumps(tuple(source))
        with suppress(OSError):
            if hashlib.sha256(path.read_bytes()).hexdigest() != name:
                return  # edited meanwhile: the analysis may be of the old or the new text
            entry.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=entry.parent)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_digest(name, body) + body)
            Path(temporary).replace(entry)

    def _remove_old_entries(self) -> None:
        """Remove the least recently used entries until the rest is small enough."""
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


def _analyse_new(new: Sequence[_Unanalysed], rules: Rules) -> dict[str, Source | None]:
    """Analyse files, in several processes if there is enough to do."""
    paths = [str(path) for path, _, _ in new]
    if sum(size for _, _, size in new) < _PARALLEL_MIN_BYTES:
        return _analyse_all(paths, rules)
    encoded_parts = share(paths, lambda part: _encode(_analyse_all(part, rules)))
    return {path: source for content in encoded_parts for path, source in _decode(content)}


def _encode(sources: Mapping[str, Source | None]) -> bytes:
    return marshal.dumps([(path, source and tuple(source)) for path, source in sources.items()])


def _decode(content: bytes) -> Iterator[tuple[str, Source | None]]:
    for path, fields in marshal.loads(content):  # noqa: S302 - from a fork of this process
        yield path, fields and Source(*fields)


@garbage.seldom()
def _analyse_all(paths: Iterable[str], rules: Rules) -> dict[str, Source | None]:
    return {path: analyse(Path(path), rules) for path in paths}
