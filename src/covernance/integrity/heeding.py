"""Recognize lines of CI files and scripts that don't heed the exit codes of what they start."""

from __future__ import annotations

import re

_STARTED = re.compile(
    r"covernance[\"',\s]+(?:run|guard|integrity|patch|collect|exceptions)\b"
    r"|coverage_baseline|regression_guard|\bnox\s+-|\bmake\s+[\w-]"
)
_PRINTED = re.compile(r"(?:^|[\s;&|(\"'])(?:echo|printf|:|true|false)\s+[^;&|]*$")
"""What stands before a command that is not run at all."""

_BEFORE = re.compile(
    r"(?:^|[\s;&|(\"'])(?:!|if|elif|while|until)\s+[^;&|]*$|^\t[@+]*-|\|\|[^;&|]*$"
)
"""What stands before a command whose exit code decides nothing."""

_AFTER = re.compile(r";|\|\|(?!\s*\w+=\$\?)|(?<![&>])&(?![&>\d])")
"""What follows such a command: another one decides, or nobody waits for it."""

_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_PIPES_FAIL = re.compile(r"\bpipefail\b|\bshell:\s*bash\s*$", re.MULTILINE)
"""Without one of these the exit code of a pipeline is that of its last command."""

_SWITCHED_OFF = re.compile(
    r"\bset\s+(?:\+[a-z]*e[a-z]*|\+o\s+errexit)\b|\bshell:\s*\S+\s*\{0\}|^\s*exit\s+0\s*$"
    r"|\bcontinue-on-error:(?!\s*false\b)|\ballow_failure:\s*true\b|\bwhen:\s*(?:manual|never)\b"
    r"|\bif:\s*[\"']?(?:\$\{\{\s*)?(?:false|0)\b"
)
"""Settings with which a job or a script goes on after a failure, or does not run."""

_NOT_IN_CI = re.compile(
    r"(?<![$\w-])CI(?:\s*[:=]\s*(?:[\"']?(?:0|false)\b|[\"']{2})|\s*:\s*$|=(?:\s|$))"
    r"|\bunset\s+(?:\w+\s+)*CI\b|\benv\s+-u\s*CI\b",
    re.IGNORECASE,
)
"""The variable that says that CI runs, by which partial and soft runs are refused, is set to no."""

_NAME = re.compile(r"\s*(?:-\s+)?name:")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TRAILING_COMMENT = re.compile(r"\s#.*")


class Script:
    """A CI file or a script that starts the tool."""

    def __init__(self, text: str) -> None:
        """Read a version of the file."""
        self._pipes_fail = _PIPES_FAIL.search(text) is not None

    def ignores_failures(self, line: str) -> bool:
        """Whether a line makes the exit code of a command that is run decide nothing."""
        return (
            _SWITCHED_OFF.search(line) is not None
            or _NOT_IN_CI.search(line) is not None
            or self._is_ignored(line)
        )

    def find_commands(self, line: str) -> str:
        """Return the part of a line that is run, and whose exit code counts; empty if none is."""
        command = _TRAILING_COMMENT.sub("", line)
        start = _STARTED.search(command)
        if start and (_PRINTED.search(command[: start.start()]) or self._is_ignored(line)):
            return ""
        return command

    def _is_ignored(self, line: str) -> bool:
        """Whether a command of ours in a line does not fail what runs the line."""
        command = _TRAILING_COMMENT.sub("", line)
        start = _STARTED.search(command)
        if start is None or _NAME.match(line):
            return False
        before, after = command[: start.start()], command[start.end() :]
        if before.count('"') % 2 or before.count("'") % 2:  # in quotes, or a list of arguments
            after = re.split(r"[\"']", after, maxsplit=1)[0]
        after = _QUOTED.sub("", after)
        is_piped = _PIPE.search(after) is not None and not self._pipes_fail
        return is_piped or bool(_BEFORE.search(before) or _AFTER.search(after))
