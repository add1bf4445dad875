"""File names of snapshots, which contain the entry, so that listing opens no file.

    api/3f/20261121T120000Z-3f…40 digits…-1234-1@feature%2Flogin.json

There is one folder per suite and, in it, one per first two digits of the commit: adding a file
rewrites only two small folders, and the files of one commit are in the same folder. The branch is
percent-encoded. A name that is too long for most file systems continues in a folder
(`…/~rest.json`). Only names exactly as `path_of` writes them are accepted, so none can point
outside of the store.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote, unquote

from covernance.errors import InputError
from covernance.history.store import Entry

_SUFFIX = ".json"
_LONGEST = 200
_CONTINUED = "~"
_COMMIT = "[0-9a-f]{40}|[0-9a-f]{64}"
_RUN_ID = "[A-Za-z0-9._-]{1,64}"
_MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_STEM = re.compile(
    "([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z"
    f"-({_COMMIT})-({_RUN_ID})(?:@(.+))?"
)
_FIELDS = {"suite": "[a-z][a-z0-9_-]{0,99}", "commit": _COMMIT, "run_id": _RUN_ID}


def path_of(entry: Entry) -> str:
    """Return the path of an entry below the store's root, with `/` between folders.

    Raises:
        InputError: A field is invalid.
    """
    _check(entry)
    moment = entry.recorded_at.replace("-", "").replace(":", "")
    stem = f"{moment}-{entry.commit}-{entry.run_id}"
    if entry.branch is not None:
        stem += f"@{quote(entry.branch, safe='')}"
    pieces = [stem[start : start + _LONGEST] for start in range(0, len(stem), _LONGEST)]
    return f"{folder_of(entry)}/{f'/{_CONTINUED}'.join(pieces)}{_SUFFIX}"


def folder_of(entry: Entry) -> str:
    """Return the folder that holds all files of the entry's suite and commit, and few others."""
    return f"{entry.suite}/{entry.commit[:2]}"


def is_run(name: str, entry: Entry) -> bool:
    """Whether `name`, in the entry's folder, has the same commit and run."""
    match = _STEM.fullmatch(name.removesuffix(_SUFFIX))
    return match is not None and match.group(7, 8) == (entry.commit, entry.run_id)


def is_snapshot(path: str) -> bool:
    """Whether a path could be a snapshot; hidden files and other types do not belong to a store."""
    return path.endswith(_SUFFIX) and not any(part.startswith(".") for part in path.split("/"))


def entry_at(path: str) -> Entry:
    """Parse the entry from a path.

    Raises:
        InputError: `path_of` never writes such a path.
    """
    suite, _, rest = path.partition("/")
    stem = rest.partition("/")[2].removesuffix(_SUFFIX).replace(f"/{_CONTINUED}", "")
    if match := _STEM.fullmatch(stem):
        year, month, day, hour, minute, second, commit, run_id, branch = match.groups()
        entry = Entry(
            f"{year}-{month}-{day}T{hour}:{minute}:{second}Z",
            suite,
            commit,
            run_id,
            None if branch is None else unquote(branch, errors="replace"),
        )
        with suppress(InputError):
            if path_of(entry) == path:
                return entry
    raise InputError(f"{path!r}: is not the name of a snapshot; remove or rename the file")


def _check(entry: Entry) -> None:
    for field, pattern in _FIELDS.items():
        value = getattr(entry, field)
        if not re.fullmatch(pattern, value):
            raise InputError(
                f"the snapshot's {field} {value!r} can't be stored: it must match {pattern}"
            )
    try:
        if not re.fullmatch(_MOMENT, entry.recorded_at):
            raise ValueError  # noqa: TRY301 - one message for both mistakes
        datetime.fromisoformat(entry.recorded_at)
    except ValueError:
        raise InputError(
            f"the snapshot's recorded_at {entry.recorded_at!r} can't be stored: it must be a time "
            "in UTC like 2026-11-21T12:00:00Z"
        ) from None
    if entry.branch is not None and not (entry.branch and entry.branch.isprintable()):
        raise InputError(
            f"the snapshot's branch {entry.branch!r} can't be stored: it is empty or contains "
            "unprintable characters"
        )
