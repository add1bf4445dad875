"""SVG badges with a suite's verdict and total, or a theme's earned percentage."""

from __future__ import annotations

import msgspec

from covernance.errors import ConfigError
from covernance.model.counts import show
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.verdict import Verdict
from covernance.reports.charts import environment
from covernance.reports.state import State, describe_trouble

_GOOD, _BAD, _INFORMS, _MISSING = "#116329", "#a40e26", "#0a4b9c", "#57606a"
"""White text has a contrast of at least 6 : 1 on each colour."""

_CHARACTER = 7
_NARROW = {"i", "l", "j", "t", "f", "r", "I", ".", ",", "·", " ", "-", ":"}
_NARROW_CHARACTER = 4
_PAD = 12


class _Half(msgspec.Struct, frozen=True):
    text: str

    @property
    def text_width(self) -> int:
        """The approximate width of the text at 11 px; the badge stretches its text to fit it."""
        return sum(_NARROW_CHARACTER if c in _NARROW else _CHARACTER for c in self.text)

    @property
    def width(self) -> int:
        """The width including padding, in px."""
        return self.text_width + _PAD


def badges(state: State) -> dict[str, bytes]:
    """Draw a badge for every suite of the table and each of its themes, by file name.

    The colour of a suite's badge shows its verdict. A theme's badge is neutral, unless its tests
    failed or it has none.

    Raises:
        ConfigError: A suite has the same name as the badge of another suite's theme.
    """
    drawn = {f"{name}.svg": _suite(name, snapshot) for name, snapshot in state.suites.items()}
    for snapshot in state.present:
        for theme in state.columns:
            if theme not in snapshot.themes:
                continue
            file_name = f"{snapshot.suite}-{theme}.svg"
            if file_name in drawn:
                msg = f"two badges would be named {file_name}: suite {file_name[:-4]!r} and theme "
                msg += f"{theme} of suite {snapshot.suite!r}; rename one of the suites"
                raise ConfigError(msg)
            drawn[file_name] = _theme(snapshot.suite, theme, snapshot.themes[theme])
    return drawn


def _suite(name: str, snapshot: Snapshot | None) -> bytes:
    label = f"{name} coverage"
    if snapshot is None:
        return _badge(label, Verdict.MISSING, _MISSING)
    percent = f"{show(snapshot.total.percent)} %"
    if snapshot.verdict == Verdict.PASS:
        return _badge(label, percent, _GOOD)
    return _badge(label, f"{percent} {snapshot.verdict}", _BAD)


def _theme(name: str, theme: str, cell: Cell) -> bytes:
    label = f"{name} {theme}"
    if problem := describe_trouble(cell):
        return _badge(label, problem, _BAD)
    return _badge(label, f"{show(cell.earned.percent)} % earned", _INFORMS)


def _badge(label: str, value: str, color: str) -> bytes:
    template = environment().get_template("badge.svg.j2")
    return template.render(label=_Half(label), value=_Half(value), color=color).encode()
