"""Whole terminals at work: real drivers, simulated cards, a journal, and bad luck."""

from device.behaviour.events import DayEnded, IssueKeyed, NumberKeyed
from device.behaviour.intent import Intent, face_op
from device.behaviour.kiosk_screens import MORE_TIME_MS
from device.behaviour.setting import Now, Setting
from device.records.journal import OUTCOMES_KEPT, Journal
from device.records.stamp import NO_CARD, stamp
from loyalty.asks import CancelRedeem
from loyalty.records import CardIssued, CheckIn, DayClosed, Redemption, Sale, TouchUnknown
from simulators.chips.classic import ClassicChip
from simulators.chips.other import OtherChip
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, handheld_at, hardware_in, kiosk_at, terminal_on

SETTING = Setting(store="s1", rules=1, currency="USD")
NOW = Now(at_ms=START_MS, mono_ms=1, boot=1, hub_ms=0)
WRITE = 0xA0  # a MIFARE Classic write command
BUS_PASS_UID = bytes.fromhex("04782e21801d80")


@in_quick_time
async def test_a_sale_is_journalled_with_the_card_that_was_held(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        handheld.hold(chip)

        await handheld.see("sold")

        (sale,) = handheld.records()
        assert (sale.op, sale.touch, sale.ctr_seen, sale.ctr_used) == ("s1:7:sale", "done", 1, 2)
        assert handheld.front.heard() == ["accepted"]


class WatchedChip(ClassicChip):
    """A chip that notes which intents are open when it is written."""

    def __init__(self):
        super().__init__()
        self.journal = None
        self.open_ops = []

    def exchange(self, data):
        if data[0] == WRITE and self.journal is not None:
            self.open_ops.append([it.op for it in self.journal.open_intents()])
        return super().exchange(data)


@in_quick_time
async def test_a_sales_intent_is_on_disk_before_the_first_byte_goes_to_the_card(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        chip = (await hardware.issued_card(chip=WatchedChip())).chip
        async with terminal_on(hardware, tmp_path, kind="handheld") as handheld:
            chip.journal = handheld.journal
            await handheld.key_sale("7")
            await handheld.see("tap_card")
            handheld.hold(chip)
            await handheld.see("sold")

        assert chip.open_ops
        assert all(ops == ["s1:7:sale"] for ops in chip.open_ops)


@in_quick_time
async def test_a_redemptions_intent_is_on_disk_before_the_first_byte_goes_to_the_card(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        card = await hardware.issued_card(chip=WatchedChip())
        async with terminal_on(hardware, tmp_path) as kiosk:
            card.chip.journal = kiosk.journal
            await kiosk.insert(card)
            await kiosk.see("account")
            await kiosk.redeem_cheapest()
            await kiosk.card_at_gate()

            assert card.chip.open_ops
            assert card.chip.open_ops[0] == ["s1:grant-1:redeem"]


@in_quick_time
async def test_a_faces_intent_is_on_disk_before_its_rewrite_is_counted_on_the_card(tmp_path):
    async with hardware_in(tmp_path) as hardware:
        card = await hardware.issued_card(chip=WatchedChip())
        async with terminal_on(hardware, tmp_path) as kiosk:
            card.chip.journal = kiosk.journal
            await kiosk.insert(card)
            await kiosk.see("account")
            await kiosk.choose("print")
            await kiosk.card_at_gate()

            assert card.chip.open_ops
            assert all(ops == [face_op(card.chip.uid.hex(), 2)] for ops in card.chip.open_ops)
            assert kiosk.journal.open_intents() == []


@in_quick_time
async def test_a_card_pulled_in_the_middle_of_its_write_costs_nobody_the_sale(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        for receipt, pulled_after_bytes in (("1", 0), ("2", 7), ("3", 16), ("4", 40)):
            await handheld.key_sale(receipt)
            await handheld.see("tap_card")
            chip.nvm.bytes_until_power_loss = pulled_after_bytes
            handheld.hold(chip)
            await handheld.see("sold")
            handheld.take_away()
            chip.nvm.bytes_until_power_loss = None
        await handheld.key_sale("5")
        await handheld.see("tap_card")
        handheld.hold(chip)
        await handheld.see("sold")

        sales = handheld.records()
        assert [it.receipt for it in sales] == ["1", "2", "3", "4", "5"]
        assert {it.touch for it in sales[:4]} <= {"torn", "unknown"}
        assert sales[4].touch == "done"
        assert sales[4].ctr_used > sales[4].ctr_seen >= 1


@in_quick_time
async def test_a_full_journal_leaves_the_card_alone_and_says_so(tmp_path):
    async with handheld_at(tmp_path, lines_max=OUTCOMES_KEPT + 1) as (handheld, chip):
        await handheld.key_sale("1")
        await handheld.see("tap_card")
        handheld.hold(chip)
        await handheld.see("sold")
        before = bytes(chip.nvm.cells)

        await handheld.key_sale("2")
        await handheld.see("journal_full")

        assert bytes(chip.nvm.cells) == before
        assert [it.receipt for it in handheld.records()] == ["1"]


@in_quick_time
async def test_a_strange_card_is_refused_once_and_the_right_one_is_waited_for(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        handheld.hold(OtherChip(BUS_PASS_UID))
        await handheld.see("card_foreign")
        handheld.take_away()

        handheld.hold(chip)
        await handheld.see("sold")

        assert handheld.front.heard() == ["refused", "accepted"]


@in_quick_time
async def test_a_reader_that_is_unplugged_while_a_sale_waits_is_opened_again(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        handheld.hardware.reader.stop()
        handheld.hardware.plug_in_reader()

        handheld.hold(chip)

        await handheld.see("sold")


@in_quick_time
async def test_a_blank_card_becomes_a_members(tmp_path):
    async with handheld_at(tmp_path) as (handheld, _):
        await handheld.app.put(IssueKeyed("m-2002"))
        await handheld.see("tap_new_card")
        handheld.hold(ClassicChip(b"\x01\x02\x03\x04"))

        await handheld.see("issued")

        (issued,) = handheld.records()
        assert isinstance(issued, CardIssued)
        assert (issued.card, issued.member) == ("01020304", "m-2002")


@in_quick_time
async def test_a_terminal_that_comes_back_states_what_nobody_knows_and_shows_what_it_saved(
    tmp_path,
):
    async with hardware_in(tmp_path) as hardware:
        card = await hardware.issued_card()
        async with terminal_on(hardware, tmp_path, kind="handheld") as handheld:
            await handheld.key_sale("1")
            await handheld.see("tap_card")
            handheld.hold(card.chip)
            await handheld.see("sold")
            handheld.journal.begin(an_intent("s1:2:sale"))

        async with terminal_on(hardware, tmp_path, kind="handheld") as handheld:
            await handheld.see("last_operation")

            assert handheld.front.shown == ["last_operation"]
            assert [type(it) for it in handheld.records()] == [Sale, TouchUnknown]
            assert handheld.records()[-1].intended == "s1:2:sale"
            assert handheld.journal.open_intents() == []


@in_quick_time
async def test_a_silent_hub_gives_the_card_back_with_a_word(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        kiosk.hub.is_silent = True
        await kiosk.insert(card)

        await kiosk.see("offline")

        assert await kiosk.card_at_gate() is card
        await kiosk.see("welcome")


@in_quick_time
async def test_a_hub_that_falls_silent_after_the_grant_is_waited_for_no_longer_than_its_limit(
    tmp_path,
):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        kiosk.hub.is_silent_about_receipts = True
        await kiosk.redeem_cheapest()

        await kiosk.see("redeemed")

        assert await kiosk.card_at_gate() is card
        redemption = next(it for it in kiosk.records() if isinstance(it, Redemption))
        assert (redemption.auth, redemption.touch) == ("grant-1", "done")
        printed = kiosk.records()[-1]
        assert (printed.shown_points, printed.pending_points) == (80, -50)


@in_quick_time
async def test_a_chip_that_dies_in_the_middle_of_a_redemption_costs_nobody_anything(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        card.chip.nvm.bytes_until_power_loss = 7
        await kiosk.redeem_cheapest()

        assert await kiosk.card_at_gate() is card
        (redemption,) = [it for it in kiosk.records() if isinstance(it, Redemption)]
        assert (redemption.auth, redemption.points) == ("grant-1", 50)
        assert redemption.touch in ("torn", "unknown")
        assert kiosk.journal.open_intents() == []


@in_quick_time
async def test_a_member_who_walks_away_from_the_screen_gets_the_card_back(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")

        await kiosk.pass_ms(SETTING.idle_ms)
        await kiosk.see("more_time")

        await kiosk.pass_ms(MORE_TIME_MS)

        assert await kiosk.card_at_gate() is card


@in_quick_time
async def test_a_full_journal_gives_the_reserved_points_and_the_card_back(tmp_path):
    fill_journal(tmp_path)
    async with kiosk_at(tmp_path, lines_max=OUTCOMES_KEPT + 1) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")
        await kiosk.redeem_cheapest()

        await kiosk.see("journal_full")

        assert await kiosk.card_at_gate() is card
        assert kiosk.hub.asked[-1] == CancelRedeem(ref=kiosk.hub.asked[-1].ref, auth="grant-1")


@in_quick_time
async def test_a_full_journal_at_the_end_of_the_day_still_takes_cards(tmp_path):
    fill_journal(tmp_path)
    async with kiosk_at(tmp_path, lines_max=OUTCOMES_KEPT + 1) as (kiosk, card):
        await kiosk.see("welcome")
        await kiosk.app.put(DayEnded(20170301))
        await kiosk.see("journal_full")

        await kiosk.insert(card)

        await kiosk.see("account")


@in_quick_time
async def test_the_end_of_the_day_is_stated(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.see("welcome")
        await kiosk.app.put(DayEnded(20170301))
        await kiosk.insert(card)
        await kiosk.see("account")

        assert [it.day for it in kiosk.records() if isinstance(it, DayClosed)] == [20170301]


def fill_journal(folder):
    """Leave the journal in `folder` no place for what is not an outcome."""
    journal = Journal.open(folder / "journal.db", epoch_of_new="e1", lines_max=OUTCOMES_KEPT + 1)
    journal.append(CheckIn(**stamp(SETTING, NOW), **NO_CARD, op=""))
    journal.close()


def an_intent(op):
    return Intent(
        op=op,
        card="deadbeef",
        member="m-1001",
        kind=Sale.kind,
        counter_before=2,
        counter_after=3,
        begun_ms=START_MS,
    )


@in_quick_time
async def test_a_handheld_whose_reader_is_unplugged_says_so_until_it_is_back(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        handheld.hardware.reader.stop()
        await handheld.see("reader_missing")
        ways_on = handheld.front.screen.choices

        handheld.hardware.plug_in_reader()
        await handheld.see("tap_card")
        handheld.hold(chip)

        await handheld.see("sold")
        assert ways_on == ("no_card", "key_phone")
        assert [it.touch for it in handheld.records()] == ["done"]


@in_quick_time
async def test_a_sale_is_ended_with_a_number_while_the_reader_is_missing(tmp_path):
    async with handheld_at(tmp_path) as (handheld, _):
        handheld.hardware.reader.stop()
        await handheld.key_sale("1")
        await handheld.see("reader_missing")
        await handheld.app.put(NumberKeyed("9123 4567"))
        await handheld.see("sold")

        await handheld.key_sale("2")

        await handheld.see("reader_missing")
        assert [it.touch for it in handheld.records()] == ["none"]
        assert handheld.front.shown[-1] == "reader_missing"
