"""Fork hooks, registered only once because `os.register_at_fork` can't be undone."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class ForkAware(Protocol):
    """An object with locks or threads that a fork would break in the child."""

    def before_fork(self) -> None:
        """Prepare to be copied, without waiting for long."""

    def after_fork_in_parent(self) -> None:
        """Undo `before_fork`."""

    def after_fork_in_child(self) -> None:
        """Replace locks and threads: the child only has the thread that forked."""


_members: WeakSet[ForkAware] = WeakSet()


def watch(member: ForkAware) -> None:
    """Notify `member` of forks for as long as it exists."""
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
