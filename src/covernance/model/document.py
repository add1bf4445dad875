"""Read JSON files, with one clear error for whatever is wrong with them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from covernance.errors import InputError

T = TypeVar("T")


@contextmanager
def readable_errors(where: str, what: str, remedy: str) -> Iterator[None]:
    """Turn whatever goes wrong while a document is read and decoded into one clear error.

    Args:
        where: The file, or another name by which the user recognizes the document.
        what: The expected content: `a plan`.
        remedy: What to do about it: `run the suite again`.

    Raises:
        InputError: The document can't be read, has another format, or is damaged.
    """
    try:
        yield
    except OSError as error:
        msg = f"{where}: can't be read: {error.strerror}; {remedy}"
        raise InputError(msg) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{where}: is not {what}, or is damaged: {error}; {remedy}"
        raise InputError(msg) from error


def encode(value: object) -> bytes:
    """The JSON of a file: keys sorted, indented, the same bytes for the same value."""
    plain = msgspec.to_builtins(value, str_keys=True, order="sorted")
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1) + b"\n"


def read(path: Path, shape: type[T], what: str, remedy: str) -> T:
    """Read a file of one shape; see `readable_errors`.

    Raises:
        InputError: The file can't be read, has another format, or is damaged.
    """
    with readable_errors(str(path), what, remedy):
        return msgspec.json.decode(read_bytes(path), type=shape)


def read_bytes(path: Path) -> bytes:
    """Read a regular file, or what a link to one leads to; a pipe or a device may have no end.

    Raises:
        OSError: The file can't be read, or is something else.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "Not a regular file")
    return path.read_bytes()


def find(path: Path, shape: type[T], what: str, remedy: str) -> T | None:
    """Read a file of one shape, or return None if it does not exist; see `readable_errors`.

    Raises:
        InputError: The file can't be read, has another format, or is damaged.
    """
    with readable_errors(str(path), what, remedy):
        try:
            content = read_bytes(path)
        except FileNotFoundError:
            return None
        return msgspec.json.decode(content, type=shape)
