"""Find changes of CI files and scripts that make the gates say less than the table.

A variable or an option in a workflow, a Makefile or a script overrides the table for every run,
and a gate that is not run any more fails nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from textwrap import shorten

from covernance.integrity.findings import NONE, Finding
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
_UNHEEDED = re.compile(r"\|\|\s*(?:true\b|:|exit\s+0\b)|;\s*true\b")
_TOLERATED = re.compile(r"\b(?:continue-on-error:(?!\s*false\b)|allow_failure:\s*true\b)")
_OTHER_PROGRAM = re.compile(
    r"\b(?:apt|apt-get|cargo|coverage|diff-cover|docker|gh|git|interrogate|npm|pip)\b(?![\w./-])"
)
_GATE = re.compile(r"covernance[\"',\s]+(exceptions[\"',\s]+check|guard|integrity|patch|collect)\b")


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
        earlier = Counter(text for _, text in _find_lines(before, _overrides))
        for number, text in _find_lines(after, _overrides):
            if earlier[text] > 0:
                earlier[text] -= 1
            else:
                yield Finding("override-added", f"{path}:{number}", NONE, text)
    yield from _removed_gates(versions)


def _removed_gates(versions: Iterable[Versions]) -> Iterator[Finding]:
    now: Counter[str] = Counter()
    runs: dict[str, list[tuple[str, str]]] = {}
    for path, before, after in versions:
        for gate in (gate for _, line in _lines(after) for gate in _gates(line)):
            now[gate] += 1
        for number, line in _lines(before):
            for gate in _gates(line):
                runs.setdefault(gate, []).append((f"{path}:{number}", _shown(line)))
    for gate, places in runs.items():
        for where, line in places[now[gate] :]:
            yield Finding("gate-removed", where, line, NONE)


def _find_lines(text: str, find: Callable[[str, bool], bool]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are found, with their numbers, without space around them."""
    is_ours = _OURS.search(text) is not None
    for number, line in _lines(text):
        if find(line, is_ours):
            yield number, _shown(line)


def _overrides(line: str, is_ours: bool) -> bool:  # noqa: FBT001 - of the file, for each line
    """Whether a line sets a variable or an option that overrides the table, or heeds no gate.

    Options of other programs have the same names, so that they count only where ours is started.
    """
    if _VARIABLE.search(line):
        return True
    if not is_ours:
        return False
    if _TOLERATED.search(line) or (_OURS.search(line) and _UNHEEDED.search(line)):
        return True
    option = _OPTION.search(line)
    if option is None:
        return False
    start = line[: option.start()]
    return _OURS.search(start) is not None or _OTHER_PROGRAM.search(start) is None


def _gates(line: str) -> list[str]:
    return [re.sub(r"\W+", " ", gate) for gate in _GATE.findall(line)]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines that are not comments, with git's numbers; other separators also end a line."""
    for number, line in enumerate(split_source(text), start=1):
        yield from ((number, part) for part in line.splitlines() if not _COMMENT.match(part))


def _shown(line: str) -> str:
    return shorten(line, 120, placeholder=" …")
