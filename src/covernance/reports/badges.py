"""SVG badges: a suite's verdict and total, a theme's earned percentage."""

from __future__ import annotations

import msgspec

from covernance.errors import ConfigError
from covernance.model.counts import show
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.verdict import Verdict
from covernance.reports.charts import environment
from covernance.reports.state import State, trouble

_GOOD, _BAD, _INFORMS, _MISSING = "#116329", "#a40e26", "#0a4b9c", "#57606a"
"""White text has a contrast of 6 : 1 or more on each."""

_CHARACTER = 7
_NARROW = {"i", "l", "j", "t", "f", "r", "I", ".", ",", "·", " ", "-", ":"}
_NARROW_CHARACTER = 4
_PAD = 12


class _Half(msgspec.Struct, frozen=True):
    text: str

    @property
    def text_width(self) -> int:
        """About what the text takes at 11 px; the badge's text is stretched to exactly this."""
        return sum(_NARROW_CHARACTER if c in _NARROW else _CHARACTER for c in self.text)

    @property
    def width(self) -> int:
        """With the space around it, in px."""
        return self.text_width + _PAD


def badges(state: State) -> dict[str, bytes]:
    """A badge for every suite of the table and for each of its themes, by file name.

    A suite's badge has the colour of its verdict; a theme's informs, unless its tests failed or
    there are none.

    Raises:
        ConfigError: A suite is called as another suite's theme's badge is.
    """
    found = {f"{name}.svg": _suite(name, snapshot) for name, snapshot in state.suites.items()}
    for snapshot in state.present:
        for theme in state.columns:
            if theme not in snapshot.themes:
                continue
            file_name = f"{snapshot.suite}-{theme}.svg"
            if file_name in found:
                msg = f"two badges are called {file_name}: of suite {file_name[:-4]!r} and of "
                msg += f"{theme} of {snapshot.suite!r}; rename one of the suites"
                raise ConfigError(msg)
            found[file_name] = _theme(snapshot.suite, theme, snapshot.themes[theme])
    return found


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
    if wrong := trouble(cell):
        return _badge(label, wrong, _BAD)
    return _badge(label, f"{show(cell.earned.percent)} % earned", _INFORMS)


def _badge(label: str, value: str, color: str) -> bytes:
    template = environment().get_template("badge.svg.j2")
    return template.render(label=_Half(label), value=_Half(value), color=color).encode()
