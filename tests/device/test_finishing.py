"""A terminal that is told to stop serves whoever is there, and nobody after them."""

from pathlib import Path

from simulators.chips.classic import ClassicChip
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import Terminal, hardware_in, kiosk_at, terminal_on

WRITE = 0xA0  # a MIFARE Classic write command


class StopAtWrite(ClassicChip):
    """A chip during whose first write the terminal is told to stop."""

    terminal: Terminal | None = None

    def exchange(self, data: bytes) -> bytes:
        if data[0] == WRITE and self.terminal is not None:
            self.terminal.app.finish()
            self.terminal = None
        return super().exchange(data)


@in_quick_time
async def test_a_terminal_that_nobody_uses_stops_at_once(tmp_path: Path) -> None:
    async with kiosk_at(tmp_path) as (kiosk, _card):
        await kiosk.see("welcome")

        kiosk.app.finish()
        await kiosk.running

        assert kiosk.records() == []


@in_quick_time
async def test_a_sale_whose_card_is_being_written_is_written_down(tmp_path: Path) -> None:
    async with hardware_in(tmp_path) as hardware:
        chip = (await hardware.issued_card(chip=StopAtWrite())).chip
        assert isinstance(chip, StopAtWrite)
        async with terminal_on(hardware, tmp_path, kind="handheld") as handheld:
            chip.terminal = handheld
            await handheld.key_sale()
            await handheld.see("tap_card")
            handheld.hold(chip)

            await handheld.running

            (sale,) = handheld.records()
            assert (sale.op, sale.touch) == ("s1:7:sale", "done")
            assert handheld.journal.open_intents() == []


@in_quick_time
async def test_a_kiosk_gives_the_card_back_before_it_stops(tmp_path: Path) -> None:
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")

        kiosk.app.finish()
        came_out = await kiosk.card_at_gate()
        await kiosk.running

        assert came_out is card
        assert not kiosk.hardware.star.slot_opened.is_set()


@in_quick_time
async def test_a_member_who_is_spending_gets_the_card_with_its_new_face(tmp_path: Path) -> None:
    async with hardware_in(tmp_path) as hardware:
        card = await hardware.issued_card(chip=StopAtWrite())
        async with terminal_on(hardware, tmp_path) as kiosk:
            assert isinstance(card.chip, StopAtWrite)
            await kiosk.insert(card)
            await kiosk.see("account")
            card.chip.terminal = kiosk
            await kiosk.redeem_cheapest()

            came_out = await kiosk.card_at_gate()
            await kiosk.running

            assert came_out.rewrite_count == 1
            assert kiosk.kinds()[-3:] == ["redemption", "face_started", "face_printed"]


@in_quick_time
async def test_a_sale_that_waits_for_its_card_is_left_to_the_till(tmp_path: Path) -> None:
    async with (
        hardware_in(tmp_path) as hardware,
        terminal_on(hardware, tmp_path, kind="handheld") as handheld,
    ):
        await handheld.key_sale()
        await handheld.see("tap_card")

        handheld.app.finish()
        await handheld.running

        assert handheld.records() == []
