"""List commands in Markdown files that do not exist.

A command is a code span or a line of a shell block that starts with covernance, make, nox or a
script of this repository, optionally after python or bash. Options of covernance commands are
checked too. Only `--help` of scripts and `nox --list` are run. Blocks with an annotation
(```bash in=your-repository) are for other repositories and are skipped.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
from markdown_it import MarkdownIt

from covernance.cli import cli

_ROOT = Path(__file__).resolve().parent.parent
_PREFIXES = ("pipx", "run", "bash", "python", "-m")
_SHELLS = ("bash", "console", "sh", "shell")
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_SESSION = re.compile(r"^[*-] (\S+)", re.MULTILINE)
_VARIABLE = re.compile(r"[A-Z_]+=")
_PLACEHOLDER = re.compile(r"[<…]")
_COMMAND_ENDS = ("&&", "|", ";", "--")
_INFO_OPTIONS = frozenset(("-h", "--help", "--version"))


class Command(msgspec.Struct, frozen=True):
    """A possible command: its line, and its words up to `--` or a shell operator."""

    line: int
    words: tuple[str, ...]


class Problem(msgspec.Struct, frozen=True):
    """A command that does not exist, and the reason."""

    command: Command
    text: str


class Known(msgspec.Struct, frozen=True):
    """The commands that exist.

    Attributes:
        root: The repository with the scripts.
        sessions: Names of nox sessions.
        targets: Names of Make targets.
    """

    root: Path
    sessions: frozenset[str]
    targets: frozenset[str]


def known(root: Path) -> Known:
    """Read the existing commands from nox and the Makefile."""
    session_list = _output(root, sys.executable, "-m", "nox", "--list")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    return Known(
        root, frozenset(_SESSION.findall(session_list)), frozenset(_TARGET.findall(makefile))
    )


def commands(text: str) -> Iterator[Command]:
    """Yield possible commands in a Markdown text: code spans and lines of shell blocks."""
    for line, code in _code(text):
        try:
            words = shlex.split(code.removeprefix("$ "), comments=True)
        except ValueError:  # prose with an apostrophe
            continue
        words = list(itertools.takewhile(lambda word: word not in _COMMAND_ENDS, words))
        while words and (_VARIABLE.match(words[0]) or words[0] in _PREFIXES):
            del words[0]
        if words:
            yield Command(line, tuple(words))


def problems(text: str, known_commands: Known) -> Iterator[Problem]:
    """Yield the commands in a Markdown text that do not exist."""
    for command in commands(text):
        if checker := _checker(command.words[0]):
            for problem in checker(command.words, known_commands):
                yield Problem(command, problem)


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Yield code spans and lines of shell blocks, each with its line number."""
    line = 0
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "fence" and token.info in _SHELLS:
            yield from enumerate(token.content.split("\n"), line + 1)
        for child in token.children or ():
            if child.type == "code_inline":
                yield line, child.content


def _checker(word: str) -> Callable[[Sequence[str], Known], Iterable[str]] | None:
    by_name = {"covernance": _covernance, "make": _make, "nox": _nox}
    if word.startswith(("scripts/", ".ci/")):
        return _script
    if word.startswith("apps."):
        return _module
    return by_name.get(word)


def _make(words: Sequence[str], known_commands: Known) -> Iterator[str]:
    for word in words[1:]:
        if not (
            _VARIABLE.match(word) or _PLACEHOLDER.search(word) or word in known_commands.targets
        ):
            yield f"the Makefile has no target {word!r}"


def _nox(words: Sequence[str], known_commands: Known) -> Iterator[str]:
    for option, word in itertools.pairwise(words):
        if (
            option in ("-s", "-e")
            and not _PLACEHOLDER.search(word)
            and word not in known_commands.sessions
        ):
            yield f"nox has no session {word!r}"


def _module(words: Sequence[str], known_commands: Known) -> Iterator[str]:
    path = known_commands.root.joinpath(*words[0].split("."))
    if not (path / "__main__.py").exists():
        yield f"python -m can't run {words[0]!r}"


def _script(words: Sequence[str], known_commands: Known) -> Iterator[str]:
    name, *rest = words
    if _PLACEHOLDER.search(name):
        return
    if not (known_commands.root / name).exists():
        yield f"there is no {name}"
        return
    for option in (word.partition("=")[0] for word in rest if word.startswith("-")):
        if option not in _help_words(known_commands.root, name):
            yield f"{name} has no option {option}"


@functools.cache
def _help_words(root: Path, script: str) -> frozenset[str]:
    interpreter = [sys.executable] if script.endswith(".py") else []
    return frozenset(re.findall(r"--?[a-z-]+", _output(root, *interpreter, script, "--help")))


def _covernance(words: Sequence[str], _known_commands: Known) -> Iterator[str]:
    name, *rest = words
    command: click.Command = cli
    context = click.Context(cli, info_name=name, **cli.context_settings)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name, *rest = rest
        if _PLACEHOLDER.search(name):
            return
        subcommand = command.get_command(context, name)
        if subcommand is None:
            yield f"there is no command `{context.command_path} {name}`"
            return
        command = subcommand
        if isinstance(command, click.Group):
            context = click.Context(command, parent=context, info_name=name)
    if not rest or _INFO_OPTIONS.intersection(rest):
        return
    try:
        command.make_context(name, rest, parent=context)
    except click.BadParameter as error:
        # Documents may show a command without its required values, or with a missing file.
        missing = isinstance(error, click.MissingParameter)
        if not missing and not (error.param and isinstance(error.param.type, click.Path)):
            yield error.format_message()
    except click.ClickException as error:
        yield error.format_message()


def _output(root: Path, *command: str) -> str:
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix}  # the scripts must use this environment too
    environ.pop("FORCE_COLOR", None)
    done = subprocess.run(
        command, cwd=root, env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def main() -> int:
    """Check all Markdown files that are tracked or not ignored by git."""
    names = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md")
    known_commands = known(_ROOT)
    failed = False
    for name in filter(None, _output(_ROOT, "git", *names).split("\0")):
        for problem in problems((_ROOT / name).read_text(encoding="utf-8"), known_commands):
            failed = True
            print(f"{name}:{problem.command.line}: {problem.text}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
