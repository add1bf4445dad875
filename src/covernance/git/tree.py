"""A changed git tree, made from an old one without an index or a checkout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from covernance.errors import MachineError
from covernance.git.runner import Git, Objects

_FOLDER = "40000"
_FILE = "100644"
_KINDS = {_FOLDER: "tree", "160000": "commit"}

Listing = dict[bytes, tuple[str, str]]
"""The mode and object name of everything in one folder, by name."""


def listing(objects: Objects, commit: str | None, folder: str) -> Listing:
    """List one folder of a commit; empty where there is none.

    Raises:
        MachineError: The path is no folder, or git can't read it.
    """
    if commit is None:
        return {}
    found = objects.read(f"{commit}:{folder}")
    if found is None:
        return {}
    kind, content = found
    if kind != "tree":
        raise MachineError(f"{commit}: {folder!r} is no folder, so nothing can be kept in it")
    return _parse(content, len(commit) // 2)


def graft(git: Git, objects: Objects, base: str | None, blobs: Mapping[str, str | None]) -> str:
    """Write the tree of `base` with changes; what they don't name stays as it is.

    Only the folders on the way to a change are read and written.

    Args:
        git: The repository.
        objects: Its objects.
        base: The commit to start from; None for an empty tree.
        blobs: For each path the blob that belongs there, or None to take the file away.

    Returns:
        The object name of the tree.
    """
    folders: dict[PurePosixPath, Listing] = {}
    for path, blob in blobs.items():
        file = PurePosixPath(path)
        for folder in file.parents:
            if folder not in folders:
                folders[folder] = listing(objects, base, "/".join(folder.parts))
        _put(folders[file.parent], file.name, _FILE, blob)
    for depth in range(max(len(folder.parts) for folder in folders), 0, -1):
        level = sorted(folder for folder in folders if len(folder.parts) == depth)
        trees = _write(git, [folders[folder] for folder in level])
        for folder, tree in zip(level, trees, strict=True):
            _put(folders[folder.parent], folder.name, _FOLDER, tree if folders[folder] else None)
    return _write(git, [folders[PurePosixPath()]])[0]


def _parse(content: bytes, width: int) -> Listing:
    """Read a tree object: mode, space, name, NUL, object name in `width` bytes; repeated."""
    found: Listing = {}
    start = 0
    while start < len(content):
        named = content.index(b"\0", start)
        mode, _, name = content[start:named].partition(b" ")
        start = named + 1 + width
        found[name] = (mode.decode(), content[named + 1 : start].hex())
    return found


def _put(folder: Listing, name: str, mode: str, node: str | None) -> None:
    if node is None:
        folder.pop(name.encode(), None)
    else:
        folder[name.encode()] = (mode, node)


def _write(git: Git, listings: Sequence[Listing]) -> list[str]:
    """Write folders as trees; a partial clone may lack what they hold, hence --missing."""
    lines = bytearray()
    for entries in listings:
        for name, (mode, node) in entries.items():
            kind = _KINDS.get(mode, "blob")
            lines += f"{mode} {kind} {node}\t".encode() + name + b"\0"
        lines += b"\0"
    return git.run("mktree", "-z", "--batch", "--missing", stdin=bytes(lines)).decode().split()
