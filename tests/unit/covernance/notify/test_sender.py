from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import msgspec
import pytest

from covernance.notify.render import Message
from covernance.notify.sender import Answer, Order, attempt, main, send

pytestmark = pytest.mark.reliability

ORDER = Order("json://u:hunter2@host/hunter2", Message("title", "body & <b>", "failure"))


class FakeApprise(ModuleType):
    """A fake Apprise: the URLs it knows, what its service logs, how a delivery ends."""

    OverflowMode = SimpleNamespace(UPSTREAM="upstream", SPLIT="split")
    NotifyFormat = SimpleNamespace(TEXT="text")
    NotifyType = staticmethod(str)
    AppriseAsset = SimpleNamespace

    def __init__(self) -> None:
        super().__init__("apprise")
        self.known = True
        self.overflow = "upstream"
        self.outcome: Callable[[], bool] = lambda: True
        self.logged: tuple[str, ...] = ()
        self.received: list[dict[str, object]] = []
        self.service: SimpleNamespace | None = None
        fake = self

        class Apprise:
            def __init__(self, service: SimpleNamespace) -> None:
                self.service = service

            @staticmethod
            def instantiate(url: str, asset: SimpleNamespace) -> SimpleNamespace | None:
                assert asset.app_id == "covernance"
                if not fake.known:
                    return None
                fake.service = SimpleNamespace(url=url, overflow_mode=fake.overflow)
                return fake.service

            def notify(
                self, *, log_callback: Callable[[SimpleNamespace, None], None], **given: object
            ) -> bool:
                for text in fake.logged:
                    log_callback(SimpleNamespace(message=text), None)
                fake.received.append(given)
                return fake.outcome()

        self.Apprise = Apprise


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> FakeApprise:
    fake = FakeApprise()
    monkeypatch.setitem(sys.modules, "apprise", fake)
    return fake


@pytest.mark.architecture
def test_message_is_sent_as_plain_text_that_may_be_split(apprise: FakeApprise) -> None:
    assert send(ORDER) == Answer(delivered=True)
    assert apprise.service is not None
    assert (apprise.service.url, apprise.service.overflow_mode) == (ORDER.url, "split")
    assert apprise.received == [
        {"title": "title", "body": "body & <b>", "body_format": "text", "notify_type": "failure"}
    ]


@pytest.mark.architecture
def test_overflow_mode_in_the_url_is_respected(apprise: FakeApprise) -> None:
    apprise.overflow = "truncate"
    send(ORDER)
    assert apprise.service is not None
    assert apprise.service.overflow_mode == "truncate"


@pytest.mark.parametrize(
    ("logged", "reason"),
    [
        ((), "can't reach the service"),
        (("Failed to send JSON POST: Forbidden, error=403.",), "the service returned 403"),
        (("error=500.", "error=503."), "the service returned 503"),
    ],
)
def test_failed_try_reports_the_status_if_there_is_one(
    apprise: FakeApprise, logged: tuple[str, ...], reason: str
) -> None:
    apprise.outcome = lambda: False
    apprise.logged = logged
    assert send(ORDER) == Answer(delivered=False, reason=reason)


@pytest.mark.security
def test_other_log_lines_of_a_service_are_not_reported(apprise: FakeApprise) -> None:
    apprise.outcome = lambda: False
    apprise.logged = ("can't reach /hunter2: error=hunter2, error=4031",)
    assert "hunter2" not in send(ORDER).reason
    assert "403" not in send(ORDER).reason


@pytest.mark.security
def test_exception_in_a_service_reports_only_its_type(apprise: FakeApprise) -> None:
    def raises() -> bool:
        raise RuntimeError("at /hunter2")

    apprise.outcome = raises
    assert send(ORDER) == Answer(
        delivered=False, reason="Apprise's code for the service failed: RuntimeError"
    )


def test_url_unknown_to_apprise_is_not_retried(apprise: FakeApprise) -> None:
    apprise.known = False
    answer = send(ORDER)
    assert (answer.delivered, answer.final) == (False, True)


def test_missing_apprise_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    answer = send(ORDER)
    assert answer.final
    assert "covernance[alerts]" in answer.reason


def test_answer_is_the_last_line_of_output(apprise: FakeApprise) -> None:
    written = io.BytesIO(b"a service printed this")
    written.seek(0, io.SEEK_END)
    main(io.BytesIO(msgspec.json.encode(ORDER)), written)
    assert msgspec.json.decode(written.getvalue().splitlines()[-1], type=Answer).delivered


@pytest.mark.security
def test_repr_of_an_order_hides_the_url() -> None:
    assert "hunter2" not in f"{ORDER!r} {ORDER}"


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A fake sender process that records how it was started."""
    fake = SimpleNamespace(stdout=b"", status=0, error=None, command=(), given={})

    def run(command: tuple[str, ...], **given: object) -> subprocess.CompletedProcess[bytes]:
        fake.command, fake.given = command, given
        if fake.error:
            raise fake.error
        return subprocess.CompletedProcess(command, fake.status, fake.stdout)

    monkeypatch.setattr(subprocess, "run", run)
    return fake


@pytest.mark.security
def test_url_is_passed_through_standard_input_only(process: SimpleNamespace) -> None:
    process.stdout = b"noise\n" + msgspec.json.encode(Answer(delivered=True)) + b"\n"
    assert attempt(ORDER, 5.0) == Answer(delivered=True)
    assert not any("hunter2" in part for part in process.command)
    assert msgspec.json.decode(process.given["input"], type=Order).url == ORDER.url
    assert process.given["stderr"] is subprocess.DEVNULL
    assert process.given["timeout"] == 5.0


@pytest.mark.parametrize(
    ("stdout", "error", "reason"),
    [
        (b"", None, "the sender exited with status 9"),
        (b"Traceback hunter2\n", None, "the sender exited with status 9"),
        (b"", subprocess.TimeoutExpired("hunter2", 5), "no response within 5 s"),
        (b"", OSError(11, "out of processes"), "can't start the sender: out of processes"),
    ],
)
def test_sender_that_dies_or_hangs_is_a_failed_delivery(
    process: SimpleNamespace, stdout: bytes, error: Exception | None, reason: str
) -> None:
    process.stdout, process.error, process.status = stdout, error, 9
    assert attempt(ORDER, 5.0) == Answer(delivered=False, reason=reason)
