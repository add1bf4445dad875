"""The dependencies of the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.auth_service.clients import ClientRegistry
from apps.auth_service.keys import KeyRing
from apps.auth_service.reload import Source
from apps.auth_service.replay import ReplayCache
from apps.auth_service.settings import Settings

EXTENSION = "auth_service"


@dataclass(frozen=True)
class Parts:
    """Dependencies that use the disk, the time or shared memory; tests replace them.

    ``clock`` returns seconds since the epoch.
    """

    settings: Settings
    keys: Source[KeyRing]
    clients: Source[ClientRegistry]
    replay: ReplayCache
    clock: Callable[[], float]
