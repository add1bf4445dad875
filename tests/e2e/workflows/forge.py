"""A GitHub for tests: one private git repository over HTTP, whose tokens may read or write."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.utils.serving import serving

READER = "token-that-reads"
WRITER = "token-that-writes"
REPOSITORY = "example/project"
DEFAULT_BRANCH = "main"

_IDENTITY = ("-c", "user.name=A Developer", "-c", "user.email=dev@example.org")


class Event:
    """What GitHub tells a workflow: the event's name, its commit and its payload."""

    def __init__(self, name: str, commit: str, payload: Mapping[str, Any]) -> None:
        self.name = name
        self.commit = commit
        self.payload = dict(payload) | {
            "repository": {"full_name": REPOSITORY, "default_branch": DEFAULT_BRANCH}
        }


class Forge:
    """The repository, a work tree to commit in, and the events that pushes make."""

    def __init__(self, folder: Path, address: str) -> None:
        self.address = address
        self.bare = folder / "served" / REPOSITORY
        self.work = folder / "work"
        self._pulls = 0
        git(folder, "init", "--quiet", "--bare", f"--initial-branch={DEFAULT_BRANCH}", self.bare)
        git(self.bare, "config", "http.receivepack", "true")
        git(self.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "init", "--quiet", f"--initial-branch={DEFAULT_BRANCH}", self.work)
        git(self.work, "remote", "add", "origin", self.bare)

    def commit(self, message: str) -> str:
        """Commit all that the work tree has, and push the branch."""
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--message", message)
        git(self.work, "push", "--quiet", "origin", "HEAD")
        return git(self.work, "rev-parse", "HEAD")

    def branch(self, name: str, start: str = DEFAULT_BRANCH) -> None:
        """Begin a branch in the work tree."""
        git(self.work, "checkout", "--quiet", "-B", name, start)

    def switch(self, name: str = DEFAULT_BRANCH) -> None:
        """Return to a branch in the work tree."""
        git(self.work, "checkout", "--quiet", name)

    def push(self) -> Event:
        """The push of the work tree's branch."""
        branch = git(self.work, "rev-parse", "--abbrev-ref", "HEAD")
        commit = git(self.work, "rev-parse", "HEAD")
        return Event("push", commit, {"ref": f"refs/heads/{branch}", "after": commit})

    def dispatch(self, **inputs: str) -> Event:
        """A start by hand on the work tree's branch."""
        pushed = self.push()
        return Event(
            "workflow_dispatch", pushed.commit, {"ref": pushed.payload["ref"], "inputs": inputs}
        )

    def pull_request(
        self, *, fork: bool = False, labels: Sequence[str] = (), action: str = "opened"
    ) -> Event:
        """A pull request of the work tree's branch: GitHub merges it with the default branch."""
        self._pulls += 1
        number = self._pulls
        head_ref = git(self.work, "rev-parse", "--abbrev-ref", "HEAD")
        head = git(self.work, "rev-parse", "HEAD")
        base = git(self.work, "rev-parse", DEFAULT_BRANCH)
        git(self.work, "checkout", "--quiet", "--detach", DEFAULT_BRANCH)
        git(self.work, "merge", "--quiet", "--no-ff", "--message", f"Merge {head}", head)
        merged = git(self.work, "rev-parse", "HEAD")
        git(self.work, "push", "--quiet", "origin", f"HEAD:refs/pull/{number}/merge")
        git(self.work, "checkout", "--quiet", head_ref)
        pull = {
            "number": number,
            "head": {
                "ref": head_ref,
                "sha": head,
                "repo": {"full_name": "fork/project" if fork else REPOSITORY, "fork": fork},
            },
            "base": {"ref": DEFAULT_BRANCH, "sha": base, "repo": {"full_name": REPOSITORY}},
            "labels": [{"name": label} for label in labels],
        }
        payload = {
            "action": action,
            "number": number,
            "pull_request": pull,
            "ref": f"refs/pull/{number}/merge",
        }
        return Event("pull_request", merged, payload)

    def commit_of(self, branch: str) -> str:
        """The newest commit of a branch."""
        return git(self.bare, "rev-parse", f"refs/heads/{branch}")

    def is_ancestor(self, commit: str, branch: str) -> bool:
        """Whether a branch grew from a commit."""
        return git(self.bare, "merge-base", commit, f"refs/heads/{branch}") == commit

    def files(self, branch: str) -> list[str]:
        """The files of a branch; none where there is no such branch."""
        if not git(self.bare, "for-each-ref", f"refs/heads/{branch}"):
            return []
        return git(self.bare, "ls-tree", "-r", "--name-only", branch).splitlines()


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """Serve a new repository while the context lasts."""
    handler = type("Handler", (_Handler,), {"folder": folder / "served"})
    with serving(handler) as address:
        yield Forge(folder, f"http://{address}")


def git(folder: Path, *arguments: str | Path) -> str:
    """Run git as a fixed author, without the machine's configuration."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ("git", *_IDENTITY, *map(str, arguments)),
        cwd=folder,
        env=environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


class _Handler(BaseHTTPRequestHandler):
    """git's own HTTP backend behind a check of the token."""

    folder: Path

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, body: bytes) -> None:
        url = urlsplit(self.path)
        writes = "git-receive-pack" in self.path
        token = self._token()
        if token not in (READER, WRITER):
            self._refuse(401)
            return
        if writes and token != WRITER:
            self._refuse(403)
            return
        done = subprocess.run(
            ("git", "http-backend"),
            input=body,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "REMOTE_USER": token,
                "REQUEST_METHOD": self.command,
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
            capture_output=True,
            check=True,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in fields if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _token(self) -> str:
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return ""
        return base64.b64decode(pair).decode().partition(":")[2]

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
        self.send_header("Content-Length", "0")
        self.end_headers()


def as_json(event: Event) -> str:
    """The payload as the file that a workflow reads."""
    return json.dumps(event.payload, indent=1)
