"""Optional packages, each part of one of the extras of the distribution."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from covernance.errors import MachineError


def require(package: str, *, extra: str) -> ModuleType:
    """Import an optional package.

    Args:
        package: The name that it is imported by.
        extra: The extra of the distribution that installs it.

    Raises:
        MachineError: It is not installed, or fails while it is imported.
    """
    try:
        return import_module(package)
    except ImportError as error:
        msg = (
            f"{package} can't be imported: {error}; "
            f"run `python -m pip install 'covernance[{extra}]'`"
        )
        raise MachineError(msg) from error
