"""Run git without prompts or hooks, and report failures as clear errors.

Only this module starts git. Reading never writes the user's index: optional locks are off, and
code that needs an index works on a copy (`covernance.git.changes`).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from covernance.errors import MachineError

_TIMEOUT = 120.0
_LONGEST_MESSAGE = 400

# Variables that would change the meaning of a command. git sets most of them for hooks and aliases,
# where they name an index or repository other than that of the folder.
_MISLEADING = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)

# In a checkout that has no `.git`, these name its repository.
_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")

# They write to the standard error, which is read for the reason of a failure.
_TRACES = ("GIT_TRACE", "GIT_CURL_VERBOSE")

_SETTINGS = (
    "core.hooksPath=/dev/null",
    # A monitor is a program of the user's, and one that misses an edit would hide it.
    "core.fsmonitor=false",
    # Otherwise writing a copy of the index writes a file next to the user's.
    "core.splitIndex=false",
    "core.filesRefLockTimeout=10000",
    "core.packedRefsTimeout=10000",
    "commit.gpgSign=false",
    "credential.interactive=false",
    "gc.auto=0",
    "maintenance.auto=false",
)

_PASSWORD_VARIABLE = "COVERAGE_HISTORY_TOKEN"  # noqa: S105 - a variable's name
# A credential helper that replaces the machine's own for HTTP remotes. The token itself stays in
# the environment: it never appears on a command line or in a configuration file.
_ANSWER = rf'printf "username=x-access-token\npassword=%s\n" "${_PASSWORD_VARIABLE}"'
_HELPER = (
    "credential.helper=",
    f'credential.helper=!f() {{ test "$1" = get && {_ANSWER}; }}; f',
)


_NO_REPOSITORY = "not a git repository"
_REMEDIES = {
    "bad object": "fetch it (`git fetch`), or run `git fsck` if the repository may be damaged",
}
"""What to do about failures, by a part of git's error text that does not say it."""


class GitError(MachineError):
    """A git command failed.

    Attributes:
        reason: Its standard error, as one line without secrets.
        output: Its standard output.
        is_negative: Whether this is a negative result of a question rather than an error.
    """

    def __init__(self, command: str, reason: str, output: bytes, code: int) -> None:
        """Describe the failure of a command."""
        remedies = [remedy for text, remedy in _REMEDIES.items() if text in reason]
        if _NO_REPOSITORY in reason:
            reason = "this folder is not in a git repository"
            remedies = ["run this inside one, or make one with `git init`"]
        super().__init__(
            "; ".join([f"git {command}: {reason or 'failed without output'}", *remedies])
        )
        self.reason = reason
        self.output = output
        self.is_negative = code == 1 and not re.search("(error|fatal): ", reason)


class Git:
    """Runs git commands in one repository."""

    def __init__(
        self, root: Path, environ: Mapping[str, str] | None = None, *, timeout: float = _TIMEOUT
    ) -> None:
        """Run git for the repository that holds the folder `root`.

        Args:
            root: Any folder of a checkout.
            environ: The environment to start from, by default this process's;
                `COVERAGE_HISTORY_TOKEN` there is the password for an HTTP remote.
            timeout: How many seconds a command may take.
        """
        environ = os.environ if environ is None else environ
        self._root = root
        self._timeout = timeout
        self._settings = (*_SETTINGS, *(_HELPER if environ.get(_PASSWORD_VARIABLE) else ()))
        safe = {
            name: value
            for name, value in environ.items()
            if name not in _MISLEADING and not name.startswith(_TRACES)
        }
        safe |= _repository_elsewhere(root, environ)
        # No prompt in a terminal or window: if a password is missing, the command fails.
        self._environ = {"GIT_ASKPASS": ""} | safe
        self._environ |= {
            "GIT_TERMINAL_PROMPT": "0",
            "SSH_ASKPASS_REQUIRE": "never",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }

    def run(
        self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> bytes:
        """Run a command and return its standard output.

        Args:
            arguments: The name of the command, then its options and arguments.
            stdin: Its standard input.
            environ: Additional environment variables.

        Raises:
            GitError: The command failed.
            MachineError: git is missing, or the command took too long.
        """
        process = self._start(*arguments, errors=subprocess.PIPE, environ=environ)
        try:
            output, errors = process.communicate(stdin, timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise MachineError(
                f"git {arguments[0]}: no answer within {self._timeout:g} seconds. Nothing was "
                "lost. Try again when the repository or its remote is not busy."
            ) from None
        finally:
            _end(process)
        if process.returncode:
            raise GitError(arguments[0], readable(errors), output, process.returncode)
        return output

    def ask(self, *arguments: str, stdin: bytes = b"") -> str | None:
        """Run a command and return its output without surrounding white space; None if it failed.

        Raises:
            MachineError: git is missing, or the command took too long.
        """
        try:
            return self.run(*arguments, stdin=stdin).decode(errors="replace").strip()
        except GitError:
            return None

    def fields(self, *arguments: str, environ: Mapping[str, str] | None = None) -> list[str]:
        """Run a command with `-z` and return its NUL-terminated fields.

        Raises:
            GitError: The command failed.
            MachineError: git is missing, or the command took too long.
        """
        return [
            os.fsdecode(field)
            for field in self.run(*arguments, environ=environ).split(b"\0")
            if field
        ]

    def objects(self) -> Objects:
        """Open the repository's objects for reading."""
        return Objects(self._start("cat-file", "--batch", errors=subprocess.DEVNULL))

    def _start(
        self, *arguments: str, errors: int, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        settings = [part for setting in self._settings for part in ("-c", setting)]
        try:
            return subprocess.Popen(  # noqa: S603 - no shell; refs are checked, paths are encoded
                ["git", *settings, *arguments],  # noqa: S607 - git from the user's PATH
                cwd=self._root,
                env=self._environ | dict(environ or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # In a new session ssh has no terminal to prompt on, and git's helper processes
                # can be stopped together with git.
                start_new_session=True,
            )
        except OSError as error:
            raise MachineError(
                f"git can't be run: {error.strerror}; install git, or put it on PATH"
            ) from error


class Objects:
    """Reads objects through one `git cat-file --batch` process, which ends with this instance."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take over a running `git cat-file --batch`."""
        self._requests = cast("IO[bytes]", process.stdin)
        self._answers = cast("IO[bytes]", process.stdout)
        weakref.finalize(self, _end, process)

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Read the type and content of an object, or return None if it does not exist.

        Args:
            name: An object name, or `<commit>:<path>`; without a line break.

        Raises:
            MachineError: git ended unexpectedly, for example on a damaged repository.
        """
        try:
            self._requests.write(f"{name}\n".encode())
            self._requests.flush()
        except OSError as error:
            raise self._broken(name) from error
        head = self._answers.readline().decode(errors="replace").split()
        if head[-1:] == ["missing"]:
            return None
        if len(head) != 3:  # noqa: PLR2004 - object name, type, size
            raise self._broken(name)
        size = int(head[2])
        content = self._answers.read(size + 1)
        if len(content) != size + 1:
            raise self._broken(name)
        return head[1], content[:-1]

    @staticmethod
    def _broken(name: str) -> MachineError:
        return MachineError(f"git can't read {name}; `git fsck` lists what is damaged")


def _repository_elsewhere(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that name the repository of a checkout without `.git`, as absolute paths."""
    folder = root.absolute()
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return {}
    return {name: str(Path(environ[name]).absolute()) for name in _REPOSITORY if environ.get(name)}


def readable(text: bytes) -> str:
    """Convert an error text to one line without credentials, control characters or hints."""
    lines = text.decode(errors="replace").splitlines()
    messages = (line.strip() for line in lines if not line.startswith("hint:"))
    line = re.sub(r"(?<=://)[^/\s]+@", "", "; ".join(message for message in messages if message))
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a command and its helpers, if they still run, and close its pipes."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
