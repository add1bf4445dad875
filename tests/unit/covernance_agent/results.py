"""The agent's counts, decoded as the tool reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from coverage import Coverage

from covernance.model.snapshot import FileResult
from covernance_agent.reports import count_files


def count(cov: Coverage, themes: Sequence[str]) -> dict[str, FileResult]:
    """The counts of combined data."""
    return decoded(count_files(cov, themes, config_file=True))


def decoded(results: dict[str, Any]) -> dict[str, FileResult]:
    """Counts after encoding and decoding, as through a file."""
    return msgspec.json.decode(json.dumps(results), type=dict[str, FileResult])
