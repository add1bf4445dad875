"""One place that reacts to `os.fork`, because a hook that was registered can't be taken back."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class ForkAware(Protocol):
    """An object with locks or threads, which a fork would leave broken in the child."""

    def before_fork(self) -> None:
        """Come to a state that may be copied, without waiting for long."""

    def after_fork_in_parent(self) -> None:
        """Undo `before_fork`."""

    def after_fork_in_child(self) -> None:
        """Replace locks and threads: the child has one thread, the one that forked."""


_members: WeakSet[ForkAware] = WeakSet()


def watch(member: ForkAware) -> None:
    """Tell `member` about forks for as long as it lives."""
    _members.add(member)


def _before() -> None:
    for member in list(_members):
        member.before_fork()


def _in_parent() -> None:
    for member in list(_members):
        member.after_fork_in_parent()


def _in_child() -> None:
    for member in list(_members):
        member.after_fork_in_child()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
