"""One try to deliver one message, in a process of its own: `python -m` this module.

A service's code that hangs can be ended that way, and what it prints or logs, which may hold the
URL, reaches nobody. The order comes in on standard input, so no process list shows it; the answer
is the last line of standard output.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import BinaryIO

import msgspec

from covernance.errors import MachineError
from covernance.extras import require
from covernance.notify.render import Message

_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")
"""How Apprise's services log an HTTP status; all else that they log may hold a secret."""


class Order(msgspec.Struct, frozen=True):
    """What to deliver and where."""

    url: str
    message: Message

    def __repr__(self) -> str:
        """Nothing: a representation ends up in tracebacks and logs."""
        return "Order(***)"


class Answer(msgspec.Struct, frozen=True):
    """What became of a try.

    Attributes:
        delivered: Whether the service took the message.
        reason: Why not; holds nothing that a service said but an HTTP status.
        final: Whether another try can't end otherwise.
    """

    delivered: bool
    reason: str = ""
    final: bool = False


def attempt(order: Order, seconds: float) -> Answer:
    """Try once, for at most that long."""
    command = (sys.executable, "-P", "-W", "ignore", "-m", "covernance.notify.sender")
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and this module
            command,
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(delivered=False, reason=f"no answer within {seconds:g} s")
    except OSError as error:
        return Answer(delivered=False, reason=f"no process can be started: {error.strerror}")
    try:
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Answer)
    except (IndexError, msgspec.MsgspecError):
        return Answer(delivered=False, reason=f"the sender ended with status {done.returncode}")


def send(order: Order) -> Answer:
    """Hand the message to Apprise, in this process."""
    try:
        apprise = require("apprise", extra="alerts")
    except MachineError as error:
        return Answer(delivered=False, reason=str(error), final=True)
    statuses: list[str] = []
    try:
        service = apprise.Apprise.instantiate(
            order.url,
            asset=apprise.AppriseAsset(app_id="covernance", app_desc="covernance", app_url=""),
        )
        if service is None:
            reason = "Apprise knows no such URL, or a part of it is missing"
            return Answer(delivered=False, reason=reason, final=True)
        if service.overflow_mode is apprise.OverflowMode.UPSTREAM:
            service.overflow_mode = apprise.OverflowMode.SPLIT
        delivered = apprise.Apprise(service).notify(
            title=order.message.title,
            body=order.message.body,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType(order.message.level),
            log_callback=lambda entry, _service: statuses.extend(_STATUS.findall(entry.message)),
        )
    except Exception as error:  # noqa: BLE001 - any service's code; the text may hold the URL
        return Answer(delivered=False, reason=f"the service's code failed: {type(error).__name__}")
    if delivered:
        return Answer(delivered=True)
    reason = f"the service answered {statuses[-1]}" if statuses else "the service was not reached"
    return Answer(delivered=False, reason=reason)


def main(order: BinaryIO, answer: BinaryIO) -> None:
    """Read an order, try it, write the answer."""
    sent = send(msgspec.json.decode(order.read(), type=Order))
    answer.write(b"\n" + msgspec.json.encode(sent) + b"\n")


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
