"""What a service says to systemd, heard at the other end of the socket."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from loyalty.service_manager import ALIVE, READY, STOPPING, ServiceManager
from tests.loyalty.notify_socket import NotifySocket


def test_a_word_is_one_message(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as systemd:
        ServiceManager(systemd.environment).tell(READY)
        ServiceManager(systemd.environment).tell(STOPPING, "STATUS=ending")

        first, second = asyncio.run(hear_two(systemd))

    assert (first, second) == ("READY=1", "STOPPING=1\nSTATUS=ending")


async def hear_two(systemd: NotifySocket) -> tuple[str, str]:
    return await systemd.hear(), await systemd.hear()


def test_a_socket_in_the_abstract_namespace_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind("")  # the kernel picks a name
        name = link.getsockname()[1:].decode()

        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).tell(READY)

        assert link.recv(100) == b"READY=1"


@pytest.mark.parametrize("named", ["", "/run/nobody/there", "vsock:2:9", "relative"])
def test_nobody_to_tell_is_no_mistake(named: str) -> None:
    ServiceManager({"NOTIFY_SOCKET": named}).tell(READY)


def test_without_a_watchdog_nothing_is_fed() -> None:
    asyncio.run(
        ServiceManager({}).feed_watchdog(ScriptedClock(), lambda: pytest.fail("nobody asked"))
    )


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_is_the_one_of_this_process(
    environment: dict[str, str], watchdog_s: float
) -> None:
    assert ServiceManager(environment).watchdog_s == watchdog_s


class Enough(Exception):
    """The clock's script is over."""


class ScriptedClock:
    """A clock on which a number of waits pass at once."""

    def __init__(self, waits: int = 0) -> None:
        self.waits_ms: list[int] = []
        self._waits = waits

    def now_ms(self) -> int:
        return 0

    def monotonic_ms(self) -> int:
        return 0

    async def sleep_ms(self, duration_ms: int) -> None:
        self.waits_ms.append(duration_ms)
        if len(self.waits_ms) == self._waits:
            raise Enough


def test_the_watchdog_hears_twice_in_its_time_as_long_as_we_live(tmp_path: Path) -> None:
    clock, lives = ScriptedClock(waits=4), iter([True, True, False, True])
    with NotifySocket(tmp_path / "notify", watchdog_s=30) as systemd:
        manager = ServiceManager(systemd.environment)

        with pytest.raises(Enough):
            asyncio.run(manager.feed_watchdog(clock, lambda: next(lives)))

        heard = [asyncio.run(systemd.hear()) for _ in range(3)]
        assert heard == [ALIVE] * 3
        assert systemd.heard_nothing()
    assert clock.waits_ms == [15_000] * 4
