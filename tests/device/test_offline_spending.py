"""A member's points over a day without the hub: kiosk, card, journal and ledger, all of them real.

Earned at a till, leased to the card, spent while the hub is away, taken back and counted: the
ledger agrees with the card and the face to the point.
"""

import random

import pytest

from device.behaviour.events import IssueKeyed
from device.terminal_parts import setting_of
from hub.ledger.verify import broken, verify
from loyalty.lease_records import LeaseCarried, LeaseClosed, LeaseSpend
from loyalty.records import FacePrinted
from simulators.chips.desfire import desfire_chip
from simulators.plastic import PlasticCard
from tests.device.hub_at_hand import HubAtHand, bought, issued
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, STORE, hardware_in, terminal_on

MEMBER = "m-1001"
LEASED = 300


async def visit(kiosk, card, *screens, choose):
    """Put the card in, see the last of `screens`, choose, and take the card."""
    await kiosk.insert(card)
    await kiosk.see(*screens)
    await kiosk.choose(choose)
    return await kiosk.card_at_gate()


def of_kind(kiosk, kind):
    return [it for it in kiosk.records() if isinstance(it, kind)]


def escrow(hub):
    return hub.world.value("SELECT coalesce(sum(balance), 0) FROM account WHERE kind = 'escrow'")


@pytest.mark.parametrize("generation", ["desfire_ev1", "desfire_ev3"])
def test_points_are_earned_leased_spent_offline_and_counted_to_the_point(tmp_path, generation):
    @in_quick_time
    async def day():
        hub = HubAtHand(tmp_path)
        setting = setting_of(hub.programme, STORE)
        async with hardware_in(tmp_path) as hardware:
            chip = desfire_chip(generation=generation, rng=random.Random(7))
            card = await hardware.issued_card(chip=chip)
            hub.happen_elsewhere(
                issued(chip.uid.hex(), generation, MEMBER, setting), bought(90_000, MEMBER, setting)
            )
            earned = hub.world.balance(MEMBER)
            assert earned > 2 * LEASED
            async with terminal_on(hardware, tmp_path, hub=hub) as kiosk:
                await visit(kiosk, card, "account", choose="return")
                assert escrow(hub) == LEASED
                assert hub.world.balance(MEMBER) == earned - LEASED

                hub.is_silent = True
                await kiosk.insert(card)
                await kiosk.see("account_offline")
                offer = kiosk.front.screen.choices[0]
                await kiosk.redeem_cheapest()
                await kiosk.see("redeemed_offline")
                await kiosk.card_at_gate()
                price = setting.offers[offer]
                (spent,) = of_kind(kiosk, LeaseSpend)
                assert (spent.points, spent.touch) == (price, "done")
                assert escrow(hub) == LEASED

                hub.is_silent = False
                await visit(kiosk, card, "account", choose="print")
                await kiosk.see("welcome")
                hub.send()

                carried, closed = of_kind(kiosk, LeaseCarried), of_kind(kiosk, LeaseClosed)
                (face,) = of_kind(kiosk, FacePrinted)
                assert [it.left_points for it in closed] == [LEASED - price]
                assert len({it.lease for it in carried}) == 2
                assert (face.shown_points, face.pending_points) == (earned - price, 0)
                assert escrow(hub) == LEASED
                assert hub.world.balance(MEMBER) + escrow(hub) == earned - price
                assert hub.world.cases() == []
                assert broken(verify(hub.world.ledger, [hub.programme], START_MS)) == []

    day()


def test_a_handheld_makes_a_card_that_carries_a_lease_with_keys_of_the_hub(tmp_path):
    @in_quick_time
    async def day():
        hub, chip = HubAtHand(tmp_path), desfire_chip(rng=random.Random(7))
        setting = setting_of(hub.programme, STORE)
        hub.happen_elsewhere(bought(90_000, MEMBER, setting))
        async with hardware_in(tmp_path) as hardware:
            async with terminal_on(hardware, tmp_path, kind="handheld", hub=hub) as handheld:
                await handheld.app.put(IssueKeyed(MEMBER))
                await handheld.see("tap_new_card")
                handheld.hold(chip)
                await handheld.see("issued")
                handheld.take_away()
                hub.send()

            async with terminal_on(hardware, tmp_path, hub=hub) as kiosk:
                card = PlasticCard()
                card.chip = chip
                await visit(kiosk, card, "account", choose="return")

                (carried,) = of_kind(kiosk, LeaseCarried)
                assert (carried.left_points, carried.touch) == (LEASED, "done")
                assert escrow(hub) == LEASED

    day()


def test_without_the_hub_no_such_card_is_made(tmp_path):
    @in_quick_time
    async def day():
        hub, chip = HubAtHand(tmp_path), desfire_chip(rng=random.Random(7))
        async with (
            hardware_in(tmp_path) as hardware,
            terminal_on(hardware, tmp_path, kind="handheld", hub=hub) as handheld,
        ):
            hub.is_silent = True
            await handheld.app.put(IssueKeyed(MEMBER))
            await handheld.see("tap_new_card")
            handheld.hold(chip)
            await handheld.see("issue_needs_hub")

            assert handheld.kinds() == []
            assert chip.nvm.bytes_programmed == 0

    day()
