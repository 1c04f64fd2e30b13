"""A card that was used at a till which has not sent yet: the kiosk says so, and then no more."""

from device.terminal_parts import setting_of
from simulators.chips.classic import ClassicChip
from tests.device.hub_at_hand import HubAtHand, issued
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import STORE, SpokenForHub, hardware_in, terminal_on

MEMBER = "m-1001"


async def account_of(kiosk, card):
    """Put the card in and take it again; return what was shown of the account."""
    await kiosk.insert(card)
    await kiosk.see("account")
    shown = kiosk.front.screen
    await kiosk.choose("return")
    await kiosk.card_at_gate()
    await kiosk.see("welcome")
    return shown.values


def test_a_sale_that_its_till_has_not_sent_is_told_at_the_kiosk_until_it_arrives(tmp_path):
    @in_quick_time
    async def day():
        hub, chip = HubAtHand(tmp_path), ClassicChip()
        setting = setting_of(hub.programme, STORE)
        (tmp_path / "till").mkdir()
        async with hardware_in(tmp_path) as hardware:
            card = await hardware.issued_card(chip=chip)
            hub.happen_elsewhere(issued(chip.uid.hex(), "classic1k", MEMBER, setting))
            async with terminal_on(
                hardware, tmp_path / "till", kind="handheld", hub=SpokenForHub()
            ) as till:
                await till.key_sale()
                await till.see("tap_card")
                till.hold(chip)
                await till.see("sold")
                till.take_away()
                unsent = till.records()
            async with terminal_on(hardware, tmp_path, hub=hub) as kiosk:
                before = await account_of(kiosk, card)
                hub.happen_elsewhere(*unsent)
                after = await account_of(kiosk, card)

        assert (before["points"], before["notice"]) == (0, "balance_provisional")
        assert after["points"] == hub.world.balance(MEMBER) > 0
        assert after["notice"] == ""

    day()
