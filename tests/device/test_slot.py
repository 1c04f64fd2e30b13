"""A kiosk's slot with bad luck of every sort: the card always comes back, and records say how."""

import asyncio

import pytest

from device.behaviour.events import NumberKeyed
from device.display.printers.printer import FaultCode
from device.records.journal import OUTCOMES_KEPT
from device.slot import JAM_POLL_MS
from loyalty.records import FacePrinted, FaceStarted
from simulators.chips.classic import ClassicChip
from simulators.chips.other import OtherChip
from simulators.plastic import PlasticCard
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import hardware_in, kiosk_at, terminal_on


def face_outcomes(kiosk):
    return [it.outcome for it in kiosk.records() if isinstance(it, FacePrinted)]


async def ask_for_face(kiosk, card):
    """Put the card in and touch "print my card"."""
    await kiosk.see("welcome")
    await kiosk.insert(card)
    await kiosk.see("account")
    await kiosk.choose("print")


class WatchedCard(PlasticCard):
    """A card that says when it is erased."""

    def __init__(self, on_erase):
        super().__init__()
        self._on_erase = on_erase

    def erase(self):
        super().erase()
        self._on_erase()


@in_quick_time
async def test_a_face_is_printed_and_the_card_comes_back(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await ask_for_face(kiosk, card)

        returned = await kiosk.card_at_gate()

        assert returned is card
        assert (card.rewrite_count, face_outcomes(kiosk)) == (1, ["printed"])
        await kiosk.see("welcome")


@in_quick_time
async def test_face_started_is_on_disk_before_each_erase(tmp_path):
    newest = []
    async with hardware_in(tmp_path) as hardware:
        card = WatchedCard(lambda: newest.append(kiosk.records()[-1]))
        await hardware.issued_card(card)
        async with terminal_on(hardware, tmp_path) as kiosk:
            for _ in range(2):
                await ask_for_face(kiosk, card)
                await kiosk.card_at_gate()

        assert [type(it) for it in newest] == [FaceStarted, FaceStarted]
        assert [it.rewrite for it in newest] == [1, 2]


@in_quick_time
async def test_an_answer_lost_after_the_print_is_tried_once_more_and_counted(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        losses = iter((1, 0))
        card = WatchedCard(lambda: setattr(hardware.star.faults, "lose_answers", next(losses)))
        await hardware.issued_card(card)
        async with terminal_on(hardware, tmp_path) as kiosk:
            await ask_for_face(kiosk, card)
            await kiosk.card_at_gate()

            started = [it.rewrite for it in kiosk.records() if isinstance(it, FaceStarted)]
            assert (started, face_outcomes(kiosk)) == ([1, 2], ["printed"])


@in_quick_time
async def test_a_jammed_card_comes_back_by_staff_and_its_face_is_owed(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        kiosk.hardware.star.faults.jam_at_percent = 40
        await ask_for_face(kiosk, card)
        await kiosk.see("staff_needed")

        freed = kiosk.hardware.star.clear_jam()

        assert freed is card
        await kiosk.see("welcome")
        assert face_outcomes(kiosk) == ["stale"]
        await ask_for_face(kiosk, card)
        assert await kiosk.card_at_gate() is card
        assert face_outcomes(kiosk) == ["stale", "printed"]


@in_quick_time
async def test_a_power_cut_of_the_printer_gives_the_card_back_and_owes_the_face(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        kiosk.hardware.star.faults.power_cut_at_percent = 40
        await ask_for_face(kiosk, card)
        await kiosk.see("staff_needed")

        kiosk.hardware.star.restore_power()

        assert await kiosk.card_at_gate() is card
        await kiosk.see("welcome")
        assert face_outcomes(kiosk) == ["stale"]


@in_quick_time
async def test_a_printer_that_falls_silent_gives_the_card_back_when_it_speaks_again(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        kiosk.hardware.star.faults.mute = True
        await kiosk.choose("print")
        await kiosk.see("staff_needed")

        kiosk.hardware.star.faults.mute = False

        assert await kiosk.card_at_gate() is card
        await kiosk.see("welcome")
        assert (card.rewrite_count, face_outcomes(kiosk)) == (0, ["stale"])


@in_quick_time
async def test_a_printer_that_is_unplugged_while_it_waits_is_found_again(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.see("welcome")
        kiosk.hardware.printer.stop()
        await kiosk.see("staff_needed")

        kiosk.hardware.plug_in_printer()

        await ask_for_face(kiosk, card)
        assert await kiosk.card_at_gate() is card
        assert face_outcomes(kiosk) == ["printed"]


@in_quick_time
async def test_staff_are_told_what_is_wrong_with_an_empty_printer_until_it_is_right(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.see("welcome")
        kiosk.hardware.star.jammed = True
        await kiosk.see("staff_needed")
        for _ in range(3):
            await asyncio.sleep(JAM_POLL_MS / 1000)
            assert kiosk.slot.trouble is FaultCode.JAM

        kiosk.hardware.star.jammed = False

        await ask_for_face(kiosk, card)
        assert await kiosk.card_at_gate() is card


@in_quick_time
async def test_a_printer_that_is_unplugged_with_a_card_inside_gives_it_back(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        kiosk.hardware.printer.stop()
        await kiosk.choose("return")
        await kiosk.see("staff_needed")

        kiosk.hardware.plug_in_printer()

        assert await kiosk.card_at_gate() is card
        await kiosk.see("welcome")


@in_quick_time
async def test_a_reader_that_is_unplugged_is_opened_again_for_the_next_card(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.see("welcome")
        kiosk.hardware.reader.stop()
        kiosk.hardware.plug_in_reader()

        await kiosk.insert(card)

        await kiosk.see("account")


@in_quick_time
async def test_a_kiosk_without_its_reader_invites_no_card_until_it_is_there_again(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.hardware.star.slot_opened.wait()
        kiosk.hardware.reader.stop()

        await kiosk.see("reader_lost")
        kiosk.hardware.star.slot_opened.clear()
        await asyncio.sleep(60.0)  # of quick time, in which nothing opens the slot

        assert not kiosk.hardware.star.slot_opened.is_set()
        assert kiosk.front.screen.screen == "reader_lost"
        kiosk.hardware.plug_in_reader()
        await kiosk.see("welcome")
        await kiosk.insert(card)
        await kiosk.see("account")


@in_quick_time
async def test_a_card_put_in_just_as_the_reader_goes_comes_back_and_is_told_why(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.hardware.star.slot_opened.wait()
        kiosk.hardware.reader.stop()
        await kiosk.insert(card)

        await kiosk.see("reader_lost")

        assert kiosk.front.screen.values == {"card_is_out": 1}
        assert await kiosk.card_at_gate() is card
        assert "not_finished" not in kiosk.front.shown
        kiosk.hardware.plug_in_reader()
        await kiosk.see("welcome")


@in_quick_time
async def test_a_reader_that_goes_in_a_visit_is_missed_once_the_card_is_out(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        kiosk.hardware.reader.stop()
        await kiosk.choose("return")

        assert await kiosk.card_at_gate() is card
        await kiosk.see("reader_lost")
        kiosk.hardware.plug_in_reader()
        await kiosk.see("welcome")


@in_quick_time
async def test_what_an_earlier_screen_leaves_behind_does_not_hide_that_the_reader_is_lost(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, _):
        await kiosk.see("welcome")
        await kiosk.choose("key_phone")
        await kiosk.see("key_phone")
        await kiosk.choose("back")
        await kiosk.see("welcome")
        kiosk.hardware.reader.stop()

        await kiosk.see("reader_lost")
        await kiosk.pass_ms(600_000)

        await asyncio.sleep(5.0)  # of quick time
        assert kiosk.front.screen.screen == "reader_lost"


@in_quick_time
async def test_who_types_a_number_is_not_disturbed_by_a_printer_that_is_stuck(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, _):
        await kiosk.see("welcome")
        await kiosk.choose("key_phone")
        await kiosk.see("key_phone")
        kiosk.hardware.star.jammed = True
        await asyncio.sleep(30.0)  # of quick time
        assert kiosk.slot.trouble is FaultCode.JAM
        await kiosk.app.put(NumberKeyed("9123 4567"))
        await kiosk.see("account")

        await kiosk.choose("done")

        await kiosk.see("staff_needed")
        assert kiosk.front.shown[-4:] == ["key_phone", "one_moment", "account", "staff_needed"]
        kiosk.hardware.star.jammed = False
        await kiosk.see("welcome")


@in_quick_time
async def test_who_has_a_card_that_nobody_can_read_is_told_that_their_points_are_safe(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        card.chip = None
        await kiosk.insert(card)

        await kiosk.see("not_finished")

        assert await kiosk.card_at_gate() is card
        await kiosk.see("welcome")


@pytest.mark.parametrize(
    ("chip", "screen"),
    [(ClassicChip(), "card_blank"), (OtherChip(bytes.fromhex("04782e21801d80")), "card_foreign")],
)
def test_a_card_that_is_not_ours_comes_back_untouched(tmp_path, chip, screen):
    @in_quick_time
    async def comes_back():
        async with kiosk_at(tmp_path) as (kiosk, _):
            strange = PlasticCard(chip)
            await kiosk.insert(strange)

            await kiosk.see(screen)

            assert await kiosk.card_at_gate() is strange
            assert (strange.rewrite_count, kiosk.records()) == (0, [])

    comes_back()


@in_quick_time
async def test_a_card_that_nobody_takes_goes_in_again_and_staff_have_it(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        await kiosk.choose("return")
        await kiosk.see("staff_needed")

        assert kiosk.hardware.star.held is card
        kiosk.hardware.star.force_out()

        await kiosk.see("welcome")


@in_quick_time
async def test_who_typed_a_number_before_a_kiosk_that_was_stuck_has_left_when_it_is_not(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        await kiosk.choose("return")
        await kiosk.see("staff_needed")
        await kiosk.app.put(NumberKeyed("9123 4567"))
        await kiosk.choose("key_phone")

        kiosk.hardware.star.force_out()
        await kiosk.see("welcome")
        await asyncio.sleep(60.0)  # of quick time

        assert kiosk.front.shown[-1] == "welcome"
        assert kiosk.front.shown.count("account") == 1


@in_quick_time
async def test_a_full_journal_erases_nothing(tmp_path):
    async with kiosk_at(tmp_path, lines_max=OUTCOMES_KEPT + 1) as (kiosk, card):
        await ask_for_face(kiosk, card)
        await kiosk.card_at_gate()
        await ask_for_face(kiosk, card)

        await kiosk.see("face_later")

        assert await kiosk.card_at_gate() is card
        assert card.rewrite_count == 1


@in_quick_time
async def test_a_face_that_a_power_cut_left_open_is_ended_at_the_next_start(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        erased = asyncio.Event()
        card = WatchedCard(lambda: (hardware.star.cut_power(), erased.set()))
        await hardware.issued_card(card)
        async with terminal_on(hardware, tmp_path) as kiosk:
            await ask_for_face(kiosk, card)
            await erased.wait()
            assert isinstance(kiosk.journal.open_face(), FaceStarted)
        hardware.star.restore_power()

        async with terminal_on(hardware, tmp_path) as kiosk:
            await kiosk.see("not_finished")

            assert await kiosk.card_at_gate() is card
            assert (face_outcomes(kiosk), kiosk.journal.open_face()) == (["stale"], None)
            await kiosk.see("welcome")


@in_quick_time
async def test_a_card_still_held_after_a_power_cut_of_the_kiosk_alone_comes_out(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        card = await hardware.issued_card()
        async with terminal_on(hardware, tmp_path) as kiosk:
            await kiosk.insert(card)
            await kiosk.see("account")

        async with terminal_on(hardware, tmp_path) as kiosk:
            assert await kiosk.card_at_gate() is card
            assert kiosk.records() == []


@in_quick_time
async def test_what_staff_were_called_for_is_known_until_they_have_seen_to_it(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        kiosk.hardware.star.faults.jam_at_percent = 40
        before = kiosk.slot.trouble
        await ask_for_face(kiosk, card)
        await kiosk.see("staff_needed")
        during = kiosk.slot.trouble
        kiosk.hardware.star.clear_jam()
        await kiosk.see("welcome")

        assert (before, during) == (None, FaultCode.JAM)
        await kiosk.insert(card)
        assert kiosk.slot.trouble is None
