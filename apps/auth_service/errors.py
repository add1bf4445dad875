"""The error for invalid files and settings."""

from __future__ import annotations

from pathlib import Path


class ConfigError(Exception):
    """A configuration, key or registry file is invalid.

    The message is a single line with the file, the problem and the fix.
    """

    def __init__(self, path: Path, problem: str, fix: str) -> None:
        """Compose the message.

        Args:
            path: The invalid file or directory.
            problem: What is wrong, including the key if there is one.
            fix: What to do, as an instruction or a command.
        """
        super().__init__(f"{path}: {problem}; {fix}")
        self.path = path
