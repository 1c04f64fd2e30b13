"""A reader that is looked after: lost and found, stuck and freed, a card that leaves or not."""

import asyncio
import random

import pytest
from structlog.testing import capture_logs

from device.errors import LinkLost
from device.links.serial_link import SerialLink
from device.nfc import commands
from device.nfc.classic import TRANSPORT_KEY
from device.nfc.reader import CardRefused, CardSeen, LinkBusy, ReaderSilent
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.reset_pulse import LOW_MS, START_MS, ResetPulse
from device.nfc.readers.supervision import GONE_LOOKS, LOOK_EVERY_MS, RETRY_MAX_MS, retry_delay_ms
from device.nfc.readers.supervisor import MISSING_TRIES, Supervisor
from simulators.chips.classic import blank_chip, written_chip
from simulators.pn532 import Fault
from simulators.pn532_port import Pn532Port
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import TAP_S, UID_4, UID_7, classic_on

A, B = (CardSeen(uid=uid, atqa=b"\x00\x04", sak=8) for uid in (UID_4, UID_7))


class NotedClock:
    """A clock that notes its sleeps and does not take them."""

    def __init__(self) -> None:
        self.slept_ms: list[int] = []

    def now_ms(self) -> int:
        return 0

    def monotonic_ms(self) -> int:
        return sum(self.slept_ms)

    async def sleep_ms(self, duration_ms: int) -> None:
        self.slept_ms.append(duration_ms)
        await asyncio.sleep(0)


class ScriptedReader:
    """A reader whose looks and openings are written down beforehand."""

    def __init__(self, looks=(), openings=()) -> None:
        self.looks, self.openings = list(looks), list(openings)
        self.timeouts_s: list[float] = []
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1
        outcome = self.openings.pop(0) if self.openings else None
        if outcome is not None:
            raise outcome

    async def close(self) -> None:
        self.closed += 1

    async def wait_for_card(self, timeout_s):
        self.timeouts_s.append(timeout_s)
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look

    async def exchange(self, data):
        raise ReaderSilent("no answer")


class NotedRescue:
    def __init__(self, name: str, helps: bool = True) -> None:
        self.name, self.helps, self.applied = name, helps, 0

    async def apply(self) -> bool:
        self.applied += 1
        return self.helps


class NotedPin:
    def __init__(self) -> None:
        self.did: list[object] = []

    def drive(self, *, high: bool) -> None:
        self.did.append(high)

    def release(self) -> None:
        self.did.append("release")


def watched(reader, rescues=()) -> tuple[Supervisor, NotedClock]:
    clock = NotedClock()
    return Supervisor(reader, clock=clock, rng=random.Random(3), rescues=rescues), clock


@in_quick_time
async def test_a_reader_that_was_unplugged_is_brought_back_by_waiting_for_a_card(tmp_path):
    port = Pn532Port(link=tmp_path / "ttyNFC")
    supervisor, _ = watched(Pn532(SerialLink(port.start())))
    await supervisor.open()
    port.stop()
    away = [await supervisor.wait_for_card(TAP_S) for _ in range(3)]

    port.start()
    port.place(blank_chip())
    seen = await supervisor.wait_for_card(TAP_S)

    assert away == [None] * 3
    assert seen is not None
    assert (supervisor.health.recoveries, supervisor.health.failures) == (1, 3)
    assert "ttyNFC" in supervisor.health.last_error
    await supervisor.close()
    port.stop()


@in_quick_time
async def test_a_search_that_the_reader_forgot_is_begun_again_within_a_tap():
    port = Pn532Port()
    supervisor, _ = watched(Pn532(SerialLink(port.start())))
    await supervisor.open()
    port.place(blank_chip())
    port.chip.fail(Fault.SILENCE, command=commands.IN_LIST_PASSIVE_TARGET)

    async with asyncio.timeout(0.3):
        seen = await supervisor.wait_for_card(TAP_S)

    assert seen is not None
    await supervisor.close()
    port.stop()


@in_quick_time
async def test_tries_to_bring_a_reader_back_wait_longer_and_longer():
    lost = LinkLost("unplugged")
    supervisor, clock = watched(ScriptedReader([lost], [None] + [lost] * 12))
    await supervisor.open()

    for _ in range(13):
        assert await supervisor.wait_for_card(1.0) is None

    waits = clock.slept_ms
    assert waits[0] == 0
    assert all(50 * 2**at <= wait <= 100 * 2**at for at, wait in enumerate(waits[1:6]))
    assert max(waits) <= RETRY_MAX_MS
    assert min(waits[-3:]) >= RETRY_MAX_MS // 2


def test_two_terminals_do_not_try_in_step():
    waits = [[retry_delay_ms(at, random.Random(seed)) for at in range(8)] for seed in (1, 2)]

    assert waits[0] != waits[1]


@in_quick_time
async def test_a_failed_exchange_is_the_callers_and_the_next_wait_opens_the_reader():
    reader = ScriptedReader([A])
    supervisor, _ = watched(reader)
    await supervisor.open()
    with pytest.raises(ReaderSilent):
        await supervisor.exchange(b"\x30\x04")

    seen = await supervisor.wait_for_card(1.0)

    assert seen == A
    assert reader.opened == 2
    assert supervisor.health.recoveries == 1


@in_quick_time
async def test_a_reader_that_went_on_after_a_failure_is_not_opened_again():
    port = Pn532Port()
    supervisor, _ = watched(Pn532(SerialLink(port.start())))
    await supervisor.open()
    port.place(written_chip())
    await supervisor.wait_for_card(TAP_S)
    port.chip.fail(Fault.LOST_ANSWER, command=commands.IN_DATA_EXCHANGE)
    with pytest.raises(ReaderSilent):
        await classic_on(supervisor).authenticate(4, TRANSPORT_KEY)

    await classic_on(supervisor).authenticate(4, TRANSPORT_KEY)
    await supervisor.wait_for_card(TAP_S)

    assert (supervisor.health.failures, supervisor.health.recoveries) == (1, 0)
    await supervisor.close()
    port.stop()


@in_quick_time
async def test_rescues_are_tried_in_turn_until_the_reader_answers():
    mute = ReaderSilent("no echo")
    speeds, pulse = NotedRescue("speeds", helps=False), NotedRescue("pulse")
    hammer = NotedRescue("hammer")
    supervisor, _ = watched(ScriptedReader([], [mute]), (speeds, pulse, hammer))

    await supervisor.open()

    assert [it.applied for it in (speeds, pulse, hammer)] == [1, 1, 0]
    assert supervisor.health.rescues == 1


@in_quick_time
async def test_a_reader_that_nothing_brings_back_says_what_was_tried():
    mute = ReaderSilent("no echo")
    rescues = (NotedRescue("every other speed", helps=False), NotedRescue("the reset line"))
    supervisor, _ = watched(ScriptedReader([], [mute, mute]), rescues)

    with pytest.raises(ReaderSilent) as caught:
        await supervisor.open()

    assert str(caught.value) == "no echo; tried in vain: every other speed, the reset line"


@in_quick_time
async def test_a_port_that_another_program_has_is_not_rescued():
    rescue = NotedRescue("pulse")
    supervisor, _ = watched(ScriptedReader([], [LinkBusy("used by another program")]), (rescue,))

    with pytest.raises(LinkBusy):
        await supervisor.open()

    assert rescue.applied == 0


@in_quick_time
async def test_a_card_has_left_once_it_was_missed_often_enough_in_a_row():
    flicker = [None] * (GONE_LOOKS - 1)
    reader = ScriptedReader([A, *flicker, A, *flicker, A, *[None] * GONE_LOOKS])
    supervisor, clock = watched(reader)

    await supervisor.wait_until_gone(A.uid)

    assert reader.looks == []
    assert set(reader.timeouts_s) == {0}
    assert set(clock.slept_ms) == {LOOK_EVERY_MS}
    assert supervisor.health.flickers == 2


@in_quick_time
async def test_another_card_in_its_place_means_that_a_card_has_left():
    reader = ScriptedReader([A, B])
    supervisor, _ = watched(reader)

    await supervisor.wait_until_gone(A.uid)

    assert reader.looks == []


@in_quick_time
async def test_a_reader_that_fails_does_not_make_a_card_leave():
    lost = LinkLost("unplugged")
    reader = ScriptedReader([None, lost, None, lost, None], [lost])
    supervisor, _ = watched(reader)

    await supervisor.wait_until_gone(A.uid)

    assert reader.looks == []


@in_quick_time
async def test_a_reader_is_missing_once_it_could_not_be_brought_back_at_once():
    lost = LinkLost("unplugged")
    supervisor, _ = watched(ScriptedReader([A, lost, A], [lost] * MISSING_TRIES))

    missing = []
    for _ in range(3 + MISSING_TRIES):
        await supervisor.wait_for_card(0)
        missing.append(supervisor.is_missing)

    assert missing == [False, False, *[False] * (MISSING_TRIES - 1), True, False]


@in_quick_time
async def test_a_card_is_not_waited_for_before_a_reader_that_is_missing():
    lost = LinkLost("unplugged")
    reader = ScriptedReader([A, lost], [lost] * MISSING_TRIES)
    supervisor, _ = watched(reader)

    await supervisor.wait_until_gone(A.uid)

    assert supervisor.is_missing
    assert reader.opened == MISSING_TRIES


@in_quick_time
async def test_a_card_that_another_program_has_is_told_once_and_once_more_when_it_is_free():
    busy = LinkBusy("sharing violation")
    supervisor, _ = watched(ScriptedReader([busy, busy, busy, None, A, busy, A]))

    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(LinkBusy):
                await supervisor.wait_for_card(0)
        seen = [await supervisor.wait_for_card(0), await supervisor.wait_for_card(0)]

    assert seen == [None, A]
    assert [it["event"] for it in logs] == ["reader_busy", "reader_free"]
    assert not supervisor.is_lost


@pytest.mark.parametrize("error", [LinkBusy("sharing violation"), CardRefused("no UID")])
@in_quick_time
async def test_a_card_that_cannot_be_looked_at_has_not_left(error):
    nearly = [None] * (GONE_LOOKS - 1)
    reader = ScriptedReader([A, *nearly, error, *nearly, error, *[None] * GONE_LOOKS])
    supervisor, _ = watched(reader)

    await supervisor.wait_until_gone(A.uid)

    assert reader.looks == []


@in_quick_time
async def test_a_reset_pulse_is_low_then_high_and_then_left_to_its_pull_up():
    pin, clock = NotedPin(), NotedClock()

    assert await ResetPulse(pin, clock).apply()

    assert pin.did == [False, True, "release"]
    assert clock.slept_ms == [LOW_MS, START_MS]


@in_quick_time
async def test_a_chip_that_hangs_for_good_comes_back_by_its_reset_line():
    port = Pn532Port()

    class WiredPin(NotedPin):
        def drive(self, *, high: bool) -> None:
            port.set_reset_line(low=not high)

    pulse = ResetPulse(WiredPin(), NotedClock())
    supervisor, _ = watched(Pn532(SerialLink(port.start())), [pulse])
    await supervisor.open()
    port.place(blank_chip())
    port.chip.fail(Fault.HANG)
    assert await supervisor.wait_for_card(TAP_S) is None

    seen = await supervisor.wait_for_card(TAP_S)

    assert seen is not None
    assert supervisor.health.rescues == 1
    await supervisor.close()
    port.stop()


@in_quick_time
async def test_a_reset_that_is_cut_short_leaves_the_pin_alone():
    class StoppedClock(NotedClock):
        async def sleep_ms(self, duration_ms: int) -> None:
            raise asyncio.CancelledError

    pin = NotedPin()

    with pytest.raises(asyncio.CancelledError):
        await ResetPulse(pin, StoppedClock()).apply()

    assert pin.did[-1] == "release"
