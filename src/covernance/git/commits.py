"""Write commits that change some files of a parent, without an index or a checkout.

`git fast-import` reads the whole commit from one stream and writes its objects; it reads and
rewrites only the folders on the way to a change. The stream, see git-fast-import(1):

    commit <ref>                    a ref is required, so the stream also resets it (below)
    mark :1
    committer <name> <<email>> <seconds> <zone>
    data <bytes>                    the message
    from <parent>                   omitted for the first commit
    M 100644 inline "<path>"        writes a file; followed by `data <bytes>` with its content
    D "<path>"                      deletes a file, and its folder if that becomes empty
    get-mark :1                     prints the commit's object name
    reset <ref>                     to nothing, so that git writes no ref at the end
    done                            a stream that ends before this line is an error
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from covernance.git.runner import Git

_REF = "refs/covernance-commit"
_QUOTES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def write_commit(
    git: Git,
    parent: str | None,
    files: Mapping[str, bytes | None],
    *,
    message: str,
    committer: str,
) -> str:
    """Write a commit and return its object name; no ref points to it yet.

    Args:
        git: The repository.
        parent: The commit to start from; None for an empty tree.
        files: The new content of each path, or None to delete the file.
        message: The commit's message.
        committer: Name, address and time as in `git var GIT_COMMITTER_IDENT`; also the author.

    Raises:
        MachineError: git can't read the parent or write to the repository.
    """
    stream = b"".join(_stream(parent, files, message.encode(), committer))
    return git.run("fast-import", "--quiet", "--done", stdin=stream).decode().strip()


def _stream(
    parent: str | None, files: Mapping[str, bytes | None], message: bytes, committer: str
) -> Iterator[bytes]:
    yield f"commit {_REF}\nmark :1\ncommitter {committer}\n".encode()
    yield _data(message)
    if parent is not None:
        yield f"from {parent}\n".encode()
    for path, content in files.items():
        quoted = f'"{path.translate(_QUOTES)}"'
        if content is None:
            yield f"D {quoted}\n".encode()
        else:
            yield f"M 100644 inline {quoted}\n".encode()
            yield _data(content)
    yield f"get-mark :1\nreset {_REF}\ndone\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
