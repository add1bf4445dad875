"""Find changes of CI files and scripts that make the gates say less than the table.

A variable or an option in a workflow, a Makefile or a script overrides the table for every run,
and a gate that is not run any more fails nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from textwrap import shorten

from covernance.integrity.findings import NONE, Finding
from covernance.integrity.heeding import Script
from covernance.model.python_source import split_source

Versions = tuple[str, str, str]
"""A file's path, its text at the base, and its present text; "" where it does not exist."""

_FOLDERS = re.compile(
    r"(?:^|/)\.?(?:buildkite|ci|circleci|forgejo|gitea|github|gitlab|woodpecker)/"
)
_DOCUMENTS = ("*.md", "*.rst", "*.txt")
_FILES = (
    *("*.yml", "*.yaml", "*.sh", "*.bash", "*.zsh", "*.fish", "*.ps1", "*.bat", "*.cmd"),
    *("*.mk", "*.just", "*.groovy", "*.dockerfile", "*.env", ".env", ".env.*", ".envrc"),
    *("Makefile*", "makefile", "GNUmakefile", "[Jj]ustfile", "Jenkinsfile*", "Dockerfile*"),
    *("Containerfile*", "Earthfile", "Procfile", "Taskfile*", "package.json"),
    *("noxfile.py", "tasks.py", "dodo.py", "fabfile.py", "tox.ini", "tox.toml", "setup.cfg"),
    *("pytest.ini", ".pytest.ini", "pyproject.toml", "hatch.toml", "pixi.toml", "*mise.toml"),
)

_OURS = re.compile(r"covernance|coverage_baseline|regression_guard|\bnox\b|\bmake\b")
_COMMENT = re.compile(r"\s*(?:#(?!!)|//|@?rem\b)")
_VARIABLE = re.compile(
    r"(?<![$\w])(?<!\$\{)(COVERAGE_(?:ALLOW|BOOTSTRAP|FAIL_UNDER\w*|HISTORY_STORE|LABELS|PARTIAL_OK"
    r"|RCFILE|SOFT)|PYTEST_ADDOPTS)\b|\b(?:GITHUB_(?:BASE_REF|EVENT_NAME|EVENT_PATH)|CI_COMMIT_BEFORE_SHA"
    r"|CI_MERGE_REQUEST_TARGET_BRANCH_NAME)\s*[:=](?!=)"
)
_OPTION = re.compile(
    r"(?<![\w-])(--(?:allow|base|bootstrap|fail-under|min-lines|partial-ok|soft))(?![\w-])"
)
_OTHER_PROGRAM = re.compile(
    r"\b(?:apt|apt-get|cargo|coverage|diff-cover|docker|gh|git|interrogate|npm|pip)\b(?![\w./-])"
)
_GATE = re.compile(r"covernance[\"',\s]+(exceptions[\"',\s]+check|guard|integrity|patch|collect)\b")
_HELP = re.compile(r"\s--(?:help|version)\b")


def may_be_ci_file(path: str) -> bool:
    """Whether a file of this name may decide how the tool is started; it may also be a script."""
    return _is_named(path) or "." not in path.rpartition("/")[2]


def _is_ci_file(path: str, text: str) -> bool:
    return _is_named(path) or (may_be_ci_file(path) and text.startswith("#!"))


def _is_named(path: str) -> bool:
    name = path.rpartition("/")[2]
    if any(fnmatchcase(name, pattern) for pattern in _DOCUMENTS):
        return False
    return _FOLDERS.search(path) is not None or any(
        fnmatchcase(name, pattern) for pattern in _FILES
    )


def compare_ci_files(files: Iterable[Versions]) -> Iterator[Finding]:
    """Compare the changed CI files: new overrides, and gates that are not run any more.

    A line that moved within its file is not new, nor is a gate that moved to another file removed.
    """
    versions = [file for file in files if _is_ci_file(file[0], file[2] or file[1])]
    for path, before, after in versions:
        earlier = Counter(text for _, text in _find_overrides(before))
        for number, text in _find_overrides(after):
            if earlier[text] > 0:
                earlier[text] -= 1
            else:
                yield Finding("override-added", f"{path}:{number}", NONE, text)
    yield from _removed_gates(versions)


def _removed_gates(versions: Iterable[Versions]) -> Iterator[Finding]:
    now: Counter[str] = Counter()
    runs: dict[str, list[tuple[str, str]]] = {}
    for path, before, after in versions:
        now.update(gate for _, _, gate in _find_gates(after))
        for number, line, gate in _find_gates(before):
            runs.setdefault(gate, []).append((f"{path}:{number}", _shown(line)))
    for gate, places in runs.items():
        for where, line in places[now[gate] :]:
            yield Finding("gate-removed", where, line, NONE)


def _find_overrides(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that override something, with their numbers, without space around them."""
    script = Script(text) if _OURS.search(text) else None
    for number, line in _lines(text):
        if _overrides(line, script):
            yield number, _shown(line)


def _overrides(line: str, script: Script | None) -> bool:
    """Whether a line sets a variable or an option that overrides the table, or heeds no gate.

    Options of other programs have the same names, so that they count only in files that start ours;
    `script` is such a file.
    """
    if _VARIABLE.search(line):
        return True
    if script is None:
        return False
    if script.ignores_failures(line) and (_OURS.search(line) or not _OTHER_PROGRAM.search(line)):
        return True
    option = _OPTION.search(line)
    if option is None:
        return False
    start = line[: option.start()]
    return _OURS.search(start) is not None or _OTHER_PROGRAM.search(start) is None


def _find_gates(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the gates that are run and heeded, with the numbers of their lines and the lines."""
    script = Script(text)
    for number, line in _lines(text):
        command = script.find_commands(line)
        if not _HELP.search(command):
            for gate in _GATE.findall(command):
                yield number, line, re.sub(r"\W+", " ", gate)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines that are not comments, with git's numbers; other separators also end a line."""
    for number, line in enumerate(split_source(text), start=1):
        yield from ((number, part) for part in line.splitlines() if not _COMMENT.match(part))


def _shown(line: str) -> str:
    return shorten(line, 120, placeholder=" …")
