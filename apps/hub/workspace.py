"""The runner's folder: configuration, signing key, client and sample snapshot."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from apps.auth_service.admin import NewClient, create_client, create_key
from apps.auth_service.files import replace_private
from apps.auth_service.settings import load_settings

CLIENT: Final = "dev"
TENANT: Final = "acme"
REPO: Final = "widgets"
HOST: Final = "127.0.0.1"


class BusyError(Exception):
    """Another runner is using the folder."""


@dataclass(frozen=True)
class Workspace:
    """The folder and the ports of a hub; `prepare` creates the files."""

    folder: Path
    auth_port: int
    api_port: int

    @property
    def auth_url(self) -> str:
        """URL of the token service, also used as its issuer."""
        return f"http://{HOST}:{self.auth_port}"

    @property
    def api_url(self) -> str:
        """URL of the API."""
        return f"http://{HOST}:{self.api_port}"

    @property
    def auth_config(self) -> Path:
        """Settings file of the token service."""
        return self.folder / "auth.toml"

    @property
    def api_config(self) -> Path:
        """Settings file of the API."""
        return self.folder / "api.toml"

    @property
    def netrc(self) -> Path:
        """Credentials for curl, so that they do not appear on a command line."""
        return self.folder / "netrc"

    @property
    def sample(self) -> Path:
        """A sample snapshot to send."""
        return self.folder / "snapshot.json"

    def lock(self) -> int:
        """Lock the folder until this process ends.

        Returns:
            The descriptor that holds the lock.

        Raises:
            BusyError: Another runner is using the folder.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise BusyError from error
        return descriptor

    def prepare(self) -> None:
        """Write the settings for these ports; create key, client and sample if missing."""
        self._write_settings()
        settings = load_settings(self.auth_config)
        if not any(settings.keys_path.glob("*.pem")):
            create_key(settings.keys_path, "ES256", time.time())
        if not (settings.clients_path.exists() and self.netrc.exists()):
            # the registry stores only a hash: a client whose secret is lost must be replaced
            settings.clients_path.unlink(missing_ok=True)
            scopes = ("snapshots:read", "snapshots:write")
            secret = create_client(settings, NewClient(CLIENT, TENANT, scopes, "60/minute"))
            replace_private(
                self.netrc, f"machine {HOST} login {CLIENT} password {secret}\n".encode()
            )
        if not self.sample.exists():
            replace_private(self.sample, _sample())

    def _write_settings(self) -> None:
        auth = {
            "issuer": self.auth_url,
            "insecure_transport": True,
            "keys_dir": "keys",
            "clients_file": "clients.json",
        }
        api = {
            "database_url": f"sqlite:///{self.folder / 'hub.sqlite3'}",
            "auto_migrate": True,
            "auth": {
                "issuer": self.auth_url,
                "jwks_url": f"{self.auth_url}/.well-known/jwks.json",
            },
        }
        replace_private(self.auth_config, _toml(auth))
        replace_private(self.api_config, _toml(api))


def _toml(document: dict[str, object]) -> bytes:
    """Render plain values and one level of tables; a JSON string is also a TOML string."""
    lines = [
        f"{key} = {msgspec.json.encode(value).decode()}"
        for key, value in document.items()
        if not isinstance(value, dict)
    ]
    for table, values in document.items():
        if isinstance(values, dict):
            lines += ["", f"[{table}]"]
            lines += [
                f"{key} = {msgspec.json.encode(value).decode()}" for key, value in values.items()
            ]
    return ("\n".join(lines) + "\n").encode()


def _sample() -> bytes:
    counts = {"statements": 400, "executed": 371, "branches": 120, "taken": 104}
    earned = {"statements": 400, "executed": 180, "branches": 120, "taken": 61}
    snapshot = {
        "schema": 1,
        "suite": "api",
        "verdict": "pass",
        "provenance": {
            "commit": "5ca1ab1e" * 5,
            "branch": "main",
            "run_id": "sample-1",
            "recorded_at": datetime.now(UTC).replace(microsecond=0),
        },
        "total": counts,
        "themes": {"security": {"tests": 24, "earned": earned, "raw": counts}},
        "files": {"apps/api/main.py": {"total": counts}},
    }
    return msgspec.json.format(msgspec.json.encode(snapshot), indent=2) + b"\n"
