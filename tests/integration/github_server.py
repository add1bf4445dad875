"""GitHub's REST API on loopback, as documented, for what the workflows' scripts need.

Pull requests are listed by state and head, comments oldest first, artifacts newest first; lists
come in pages of at most 100, with a `Link` header; a comment over 65,536 characters is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.utils import serving as loopback

REPOSITORY = "octo/covernance"
TOKEN = "ghs_of_the_job"
BOT: Mapping[str, str] = {"login": "github-actions[bot]", "type": "Bot"}
LONGEST_COMMENT = 65_536

_MOST_A_PAGE = 100
_PULLS = re.compile(rf"/repos/{REPOSITORY}/pulls")
_COMMENTS = re.compile(rf"/repos/{REPOSITORY}/issues/(\d+)/comments")
_ARTIFACTS = re.compile(rf"/repos/{REPOSITORY}/actions/artifacts")
_COMMENT = re.compile(rf"/repos/{REPOSITORY}/issues/comments/(\d+)")


@dataclass
class GitHub:
    """One repository: its pull requests, the comments on each, by number, and its artifacts."""

    url: str = ""
    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open_pull(
        self, number: int, sha: str, *, head: str = "octo:topic", repository: int = 1
    ) -> None:
        """Open a pull request; `head` is `owner:branch`, `repository` the id of the head's."""
        self.pulls.append(
            {
                "number": number,
                "state": "open",
                "head": {"label": head, "sha": sha, "repo": {"id": repository}},
            }
        )
        self.comments[number] = []

    def add_comment(self, number: int, body: str, user: Mapping[str, str] = BOT) -> dict[str, Any]:
        """Add a comment, and give it the next id."""
        made = {"id": sum(map(len, self.comments.values())) + 1, "body": body, "user": dict(user)}
        self.comments[number].append(made)
        return made

    def add_artifact(
        self,
        name: str,
        *,
        run: int,
        branch: str = "main",
        head_repository: int = 1,
        expired: bool = False,
    ) -> None:
        """Add an artifact of a run."""
        self.artifacts.append(
            {
                "id": len(self.artifacts) + 1,
                "name": name,
                "expired": expired,
                "workflow_run": {
                    "id": run,
                    "repository_id": 1,
                    "head_repository_id": head_repository,
                    "head_branch": branch,
                },
            }
        )

    def bodies(self, number: int) -> list[str]:
        """The texts of a pull request's comments, oldest first."""
        return [comment["body"] for comment in self.comments[number]]

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [request for request in self.requests if not request.startswith("GET ")]


@contextmanager
def serving() -> Iterator[GitHub]:
    """Serve a repository until the block ends."""
    github = GitHub()

    class Served(_Handler):
        served = github

    with loopback.serving(Served) as address:
        github.url = f"http://{address}"
        yield github


class _Handler(BaseHTTPRequestHandler):
    served: GitHub

    def do_GET(self) -> None:
        github, path, query = self.served, *self._asked()
        if _PULLS.fullmatch(path):
            self._page(
                [
                    pull
                    for pull in github.pulls
                    if pull["state"] == query["state"] and pull["head"]["label"] == query["head"]
                ]
            )
        elif found := _COMMENTS.fullmatch(path):
            self._page(github.comments[int(found[1])])
        elif _ARTIFACTS.fullmatch(path):
            named = [one for one in github.artifacts if one["name"] == query["name"]]
            self._page(named[::-1], "artifacts")
        else:
            self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        path, _ = self._asked()
        body = self._body()
        if (found := _COMMENTS.fullmatch(path)) and body is not None:
            self._answer(201, self.served.add_comment(int(found[1]), body))

    def do_PATCH(self) -> None:
        path, _ = self._asked()
        body = self._body()
        if (found := _COMMENT.fullmatch(path)) and body is not None:
            every = [comment for some in self.served.comments.values() for comment in some]
            [comment] = [comment for comment in every if comment["id"] == int(found[1])]
            comment["body"] = body
            self._answer(200, comment)

    def _asked(self) -> tuple[str, dict[str, str]]:
        address = urlsplit(self.path)
        self.served.requests.append(f"{self.command} {self.path}")
        assert self.headers["Authorization"] == f"token {TOKEN}"
        return address.path, dict(parse_qsl(address.query))

    def _body(self) -> str | None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body: str = content["body"]
        if 0 < len(body) <= LONGEST_COMMENT:
            return body
        self._answer(422, {"message": "Validation Failed: body is too long"})
        return None

    def _page(self, items: Sequence[dict[str, Any]], key: str = "") -> None:
        """Answer with the page that was asked for, as the value of a key where there is one."""
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        size = min(int(query.get("per_page", 30)), _MOST_A_PAGE)
        page = int(query.get("page", 1))
        headers = {}
        if page * size < len(items):
            following = urlencode({**query, "page": page + 1})
            headers["Link"] = f'<{self.served.url}{address.path}?{following}>; rel="next"'
        some = items[(page - 1) * size : page * size]
        self._answer(200, {"total_count": len(items), key: some} if key else some, headers)

    def _answer(
        self, status: int, content: object, headers: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
