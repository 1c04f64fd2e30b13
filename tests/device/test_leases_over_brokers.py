"""A member's day with a lease, with nothing left out: cards, terminals, MQTT, hub and ledger.

The broker is stopped for real, and what the terminals know of leases they have pulled over it.
"""

import asyncio

import pytest
import zxingcpp

from device.documents.pulling import PULL_EVERY_MS
from loyalty.lease_records import LeaseCarried, LeaseClosed, LeaseSpend
from loyalty.records import FacePrinted
from tests.device.shop_with_leases import LEASED, MEMBER, shop_at, uid_of
from tests.postgres_server import new_database

WITHIN_S = 120.0


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request):
    """Return a broker's name, and where a ledger can be made for a hub on it."""
    if request.param == "embedded":
        yield request.param, request.getfixturevalue("tmp_path") / "ledger.db"
        return
    with new_database(request.getfixturevalue("postgres_url")) as url:
        yield request.param, url


async def test_points_leased_over_a_broker_are_spent_without_it_and_counted(broker, tmp_path):
    name, place = broker
    async with (
        asyncio.timeout(WITHIN_S),
        shop_at(tmp_path, place, on_mosquitto=name == "mosquitto") as shop,
    ):
        await shop.have_programme()
        card = await shop.issue()
        await shop.sell(card, 150_000)
        await shop.handheld.settled()
        earned = shop.balance("member_points")
        assert earned > 2 * LEASED

        assert await shop.visit(card, "return") == ["account", "take_card"]
        await shop.kiosk.settled()
        assert (shop.balance("escrow"), shop.balance("member_points")) == (LEASED, earned - LEASED)

        await shop.lose_broker()
        seen = await shop.visit(card, "", "confirm")
        assert seen == ["account_offline", "confirm", "redeemed_offline"]
        price = min(shop.kiosk.setting.offers.values())
        assert shop.kiosk.settled_seq < shop.kiosk.last_seq
        assert shop.balance("escrow") == LEASED

        shop.kiosk.cut_power_in(1)
        shop.kiosk.cut_power_if_due()
        await shop.open()
        await shop.kiosk.settled()
        assert shop.balance("escrow") == LEASED - price

        assert await shop.visit(card, "print") == ["account", "take_card"]
        await shop.kiosk.settled()

        (spent,), (closed,) = shop.stated(LeaseSpend), shop.stated(LeaseClosed)
        (face,) = shop.stated(FacePrinted)
        first, second = shop.stated(LeaseCarried)
        assert (spent.points, spent.lease, closed.lease) == (price, first.lease, first.lease)
        assert (closed.left_points, second.left_points) == (LEASED - price, LEASED)
        assert (face.member, face.shown_points, face.pending_points) == (MEMBER, earned - price, 0)
        assert shown_on(card) == (MEMBER, earned - price)
        assert shop.balance("escrow") == LEASED
        assert shop.balance("member_points") + shop.balance("escrow") == earned - price
        assert (shop.cases(), shop.broken()) == (0, [])


def shown_on(card):
    """Return the member and the points that a camera reads on the card."""
    (code,) = zxingcpp.read_barcodes(card.seen())
    _, member, _, points, *_ = code.text.split(";")
    return member, int(points)


async def test_a_card_that_was_stopped_is_refused_without_the_hub(broker, tmp_path):
    name, place = broker
    async with (
        asyncio.timeout(WITHIN_S),
        shop_at(tmp_path, place, on_mosquitto=name == "mosquitto") as shop,
    ):
        await shop.have_programme()
        card = await shop.issue()
        await shop.sell(card, 150_000)
        await shop.handheld.settled()
        await shop.visit(card, "return")
        await shop.kiosk.settled()

        shop.stop(card)
        shop.clock.skip_ms(PULL_EVERY_MS)
        await shop.kiosk.until(lambda _: uid_of(card) in shop.kiosk.hotlist.cards)
        await shop.lose_broker()

        assert await shop.visit(card) == ["card_blocked"]
        await shop.open()
        await shop.kiosk.settled()
        assert shop.stated(LeaseSpend) == []
        assert (shop.balance("escrow"), shop.broken()) == (LEASED, [])
