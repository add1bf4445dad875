"""What actions/checkout promises: the event's commit, its depth, credentials only where asked."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

INPUT = {
    name.removeprefix("INPUT_"): value
    for name, value in os.environ.items()
    if name.startswith("INPUT_")
}
FOLDER = Path(os.environ["GITHUB_WORKSPACE"], INPUT["PATH"])
ADDRESS = os.environ["GITHUB_SERVER_URL"]


def git(*arguments: str) -> None:
    """Run git in the new checkout."""
    subprocess.run(("git", *arguments), cwd=FOLDER, check=True)


def header() -> str:
    """The header that carries the job's token, as the action sends it."""
    pair = base64.b64encode(f"x-access-token:{INPUT['TOKEN']}".encode()).decode()
    return f"AUTHORIZATION: basic {pair}"


def main() -> None:
    """Fetch and check out."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", ".")
    git("remote", "add", "origin", f"{ADDRESS}/{INPUT['REPOSITORY']}")
    git("config", "gc.auto", "0")
    key = f"http.{ADDRESS}/.extraheader"
    git("config", key, header())
    ref, commit = os.environ["GITHUB_REF"], os.environ["GITHUB_SHA"]
    if INPUT["REF"]:
        ref, commit = INPUT["REF"], INPUT["REF"]
    kind, name = "heads", ref.removeprefix("refs/heads/")
    if ref.startswith("refs/pull/"):
        kind, name = "pull", ref.removeprefix("refs/pull/")
    tracked = f"refs/remotes/{'pull' if kind == 'pull' else 'origin'}/{name}"
    depth = int(INPUT["FETCH_DEPTH"])
    refs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    if depth == 0 and kind == "pull":
        refs.append(f"+{commit}:{tracked}")
    if depth:
        refs = [f"+{commit}:{tracked}"]
    limit = [f"--depth={depth}"] if depth else []
    git("fetch", "--quiet", "--no-tags", "--prune", *limit, "origin", *refs)
    if kind == "pull":
        git("checkout", "--quiet", "--force", tracked)
    else:
        git("checkout", "--quiet", "--force", "-B", name, tracked)
        git("reset", "--quiet", "--hard", commit)
    if INPUT["PERSIST_CREDENTIALS"] != "true":
        git("config", "--unset-all", key)


if __name__ == "__main__":
    main()
