"""The one error of the service's operators: a file or setting that cannot be used."""

from __future__ import annotations

from pathlib import Path


class ConfigError(Exception):
    """A configuration, key or registry file that the service refuses to use.

    The message is a single line that names the file, the key or problem found, and the fix.
    """

    def __init__(self, path: Path, problem: str, fix: str) -> None:
        """Compose the message.

        Args:
            path: The file or directory that is at fault.
            problem: What was found, with the key where there is one.
            fix: What to do about it, as an instruction or a command.
        """
        super().__init__(f"{path}: {problem}; {fix}")
        self.path = path
