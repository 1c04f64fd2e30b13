"""A person with a card: waits, and tries again as people do."""

from itertools import count
from typing import Any

import pytest

from device.behaviour.events import Chosen, IssueKeyed, SaleKeyed, TillSale
from device.behaviour.handheld import sale_op
from device.behaviour.requests import Show
from simulators.chips.classic import ClassicChip
from simulators.front import DARK
from simulators.shopper import TRIES_MAX, GaveUp, Shopper, best_choice
from tests.replay.counter import ScriptedHandheld, ScriptedKiosk

SALE = TillSale(store="429", receipt="1", till_ms=0, currency="USD", items=())
KEYED = SaleKeyed(SALE)


def shopper(*, has_card: bool = True) -> Shopper:
    async def wait_ms(duration_ms: int) -> None:
        raise AssertionError("nobody waits at a handheld")

    numbers = count(1)
    person = Shopper("hh-1", lambda: ClassicChip(next(numbers).to_bytes(4, "big")), wait_ms)
    person.has_card = has_card
    return person


def handheld(*taps: str | Show) -> Any:
    """Return a handheld on which one tap after another ends like `taps`."""
    ends = iter(taps)

    def react(what: object) -> Show:
        match what:
            case SaleKeyed():
                return Show(screen="tap_card", choices=("no_card",))
            case IssueKeyed():
                return Show(screen="tap_new_card", choices=("cancel",))
            case "card" | "power":
                end = next(ends)
                return Show(screen=end, choices=("cancel",)) if isinstance(end, str) else end
        return Show(screen="ready")

    return ScriptedHandheld(react)


async def test_a_sale_is_one_tap_when_all_goes_well():
    station = handheld(Show(screen="sold"))

    await shopper().buy(station, SALE)

    assert station.done == [KEYED, "card"]


async def test_whoever_has_no_card_gets_one_first():
    station = handheld(Show(screen="issued"), Show(screen="sold"))
    person = shopper(has_card=False)

    await person.buy(station, SALE)

    assert person.has_card
    assert station.done == [IssueKeyed("hh-1"), "card", KEYED, "card"]


@pytest.mark.parametrize("trouble", ["card_bad_seal", "card_foreign", "journal_full"])
async def test_after_trouble_the_same_sale_is_keyed_again(trouble):
    station = handheld(trouble, Show(screen="sold"))

    await shopper().buy(station, SALE)

    assert station.done == [KEYED, "card", Chosen("cancel"), KEYED, "card"]


async def test_a_new_card_that_was_pulled_away_too_early_is_replaced_by_another():
    station = handheld("card_bad_seal", Show(screen="issued"), Show(screen="sold"))
    person = shopper(has_card=False)

    await person.buy(station, SALE)

    lost, *kept = station.cards
    assert lost is not person.card
    assert all(it is person.card for it in kept)


async def test_after_a_power_cut_the_screen_says_whether_the_sale_is_in():
    last = Show(screen="last_operation", values={"op": sale_op(SALE)})
    station = handheld(DARK, last)

    await shopper().buy(station, SALE)

    assert station.done == [KEYED, "card", "power"]


async def test_the_last_operation_of_somebody_else_is_not_taken_for_the_own():
    other = Show(screen="last_operation", values={"op": "429:0:sale"})
    station = handheld(DARK, other, Show(screen="sold"))

    await shopper().buy(station, SALE)

    assert station.done == [KEYED, "card", "power", KEYED, "card"]


async def test_even_a_patient_person_leaves_at_some_point():
    station = handheld(*["card_bad_seal"] * TRIES_MAX)

    with pytest.raises(GaveUp, match=sale_op(SALE)):
        await shopper().buy(station, SALE)

    assert station.done.count("card") == TRIES_MAX


async def test_whoever_could_not_put_the_card_in_calls_staff_and_waits_for_no_card():
    station: Any = ScriptedKiosk(Show(screen="staff_needed"))
    person = shopper()
    person.patience_s = 0.05

    await person.visit(station)

    assert station.done == ["staff", "card", "print", "taken"]


async def test_whoever_is_cut_off_before_the_face_came_asks_for_it_again():
    station: Any = ScriptedKiosk(Show(screen="welcome"), DARK)

    await shopper().visit(station)

    assert station.done == ["card", "print", "taken"] * 2


@pytest.mark.parametrize(
    ("choices", "best"),
    [
        (("coffee", "voucher-1", "print", "return"), "voucher-1"),
        (("coffee", "print", "return"), "coffee"),
        (("print", "return"), "print"),
    ],
)
def test_people_take_the_dearest_offer_or_a_new_face(choices, best):
    assert best_choice(Show(screen="account", choices=choices)) == best
