"""The settings of coverage.py that decide what counts, of any version of its files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance.errors import ConfigError

FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""Where coverage.py looks, in its order; the first file with settings is the only one it uses."""

_ITS_OWN = FILES[:2]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured and what is left out, with coverage.py's defaults.

    Attributes:
        branch: Whether branches are measured.
        ignore_errors: Whether a file that can't be parsed is left out in silence.
        include: Patterns outside of which nothing is measured; empty for no such limit.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of lines that need not run; `exclude_also` among them.
        partial: Regular expressions of lines whose branches need not all be taken.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]

    def measures(self, path: Path) -> bool:
        """Whether an absolute path is neither omitted nor outside of what is included.

        A relative pattern begins at the current folder, as for coverage.py itself.
        """
        from coverage.files import GlobMatcher, prep_patterns  # noqa: PLC0415 - see settings

        included = not self.include or GlobMatcher(prep_patterns(self.include)).match(str(path))
        return included and not GlobMatcher(prep_patterns(self.omit)).match(str(path))


def read_settings(files: Mapping[str, str]) -> Settings:
    """Read the settings as coverage.py would, from the texts of its files by name.

    Raises:
        ConfigError: coverage.py can't read one of them.
    """
    # An unchanged run need not know them, and half of its time would go into this import.
    from coverage.config import CoverageConfig  # noqa: PLC0415
    from coverage.exceptions import CoverageException  # noqa: PLC0415

    config = CoverageConfig()
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        for name in FILES:
            if name not in files:
                continue
            copy = Path(folder, name)
            copy.write_text(files[name], encoding="utf-8")
            try:
                if config.from_file(str(copy), lambda _: None, our_file=name in _ITS_OWN):
                    break
            except CoverageException as error:
                reason = str(error).replace(str(copy), name)
                msg = f"{name}: coverage.py's configuration: {reason}"
                raise ConfigError(msg) from error
    config.post_process()
    return Settings(
        branch=config.branch,
        ignore_errors=config.ignore_errors,
        include=(*(config.run_include or ()), *(config.report_include or ())),
        omit=(*(config.run_omit or ()), *(config.report_omit or ())),
        exclude=tuple(config.exclude_list),
        partial=(*config.partial_list, *config.partial_always_list),
    )
