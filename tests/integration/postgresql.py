"""A PostgreSQL server of the test run's own, from the machine's binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SUPERUSER = "postgres"


class Server:
    """A server that listens on a Unix socket in a private folder, and nowhere else."""

    def __init__(self, binaries: Path, folder: Path, account: str | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._account = account

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={self._folder}"

    def create(self) -> None:
        self._run(
            "initdb", "--auth=trust", f"--username={SUPERUSER}", "--no-sync", "--encoding=UTF8"
        )

    def start(self) -> None:
        # a zone that is not UTC, so that a moment read carelessly is seen; durability is no matter
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c timezone=Asia/Kathmandu"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={options}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait")

    def _run(self, program: str, *arguments: str) -> None:
        # a file and not a pipe: the server keeps what it inherits, so a pipe would never end
        with (self._folder / "output").open("ab") as output:
            done = subprocess.run(
                [self._binaries / program, f"--pgdata={self._folder / 'data'}", *arguments],
                user=self._account,
                cwd=self._folder,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            logs = [path for path in self._folder.glob("*") if path.name in {"log", "output"}]
            told = "\n".join(path.read_text(errors="replace") for path in logs)
            pytest.fail(f"{program} ended with exit code {done.returncode}:\n{told}")


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server; stop it and remove all of it at the end."""
    binaries, account = _binaries(), _account()
    # not under pytest's folders: those are closed to the account that PostgreSQL has to run as,
    # and the path of a socket has to be short
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if account is not None:
            shutil.chown(folder, account)
        server = Server(binaries, folder, account)
        server.create()
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    # Debian keeps one folder a version
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts)
    if not found:
        pytest.fail(
            "PostgreSQL is not installed, and this test needs a real server: "
            "install the Debian package postgresql (apt-get install postgresql)"
        )
    return found[-1].parent


def _account() -> str | None:
    """The account to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.fail("run the tests as an ordinary user: there is no account that PostgreSQL could use")
