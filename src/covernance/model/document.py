"""JSON files as they come in: from another run, another machine, or somebody's editor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from covernance.errors import InputError

T = TypeVar("T")


@contextmanager
def readable_errors(where: str, what: str, remedy: str) -> Iterator[None]:
    """Make one clear error of whatever goes wrong while a document is read and decoded.

    Args:
        where: The file, or what else tells the reader which document it is.
        what: What it should be: `a plan`.
        remedy: What to do about it: `run the suite again`.

    Raises:
        InputError: It can't be read, is something else, or is damaged.
    """
    try:
        yield
    except OSError as error:
        msg = f"{where}: can't be read: {error.strerror}; {remedy}"
        raise InputError(msg) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{where}: is not {what}, or is damaged: {error}; {remedy}"
        raise InputError(msg) from error


def read(path: Path, shape: type[T], what: str, remedy: str) -> T:
    """Read a file of one shape; see `reading`.

    Raises:
        InputError: It can't be read, is something else, or is damaged.
    """
    with readable_errors(str(path), what, remedy):
        return msgspec.json.decode(path.read_bytes(), type=shape)


def find(path: Path, shape: type[T], what: str, remedy: str) -> T | None:
    """Read a file of one shape; None where there is none. See `reading`.

    Raises:
        InputError: It can't be read, is something else, or is damaged.
    """
    with readable_errors(str(path), what, remedy):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(content, type=shape)
