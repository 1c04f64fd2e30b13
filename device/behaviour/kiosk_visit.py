"""The ways that a kiosk's visits go, online and offline, whoever is served: account and end."""

from dataclasses import replace

from device.behaviour import kiosk_screens as screens
from device.behaviour.card import Card
from device.behaviour.kiosk_phases import (
    NOTHING_SPENT,
    Choosing,
    Returning,
    State,
    Step,
    Values,
)
from device.behaviour.lease_on_card import lease_on
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitCard,
    Request,
    ReturnCard,
    Show,
    Sound,
)
from device.behaviour.setting import Setting
from loyalty.asks import AskAccount
from loyalty.receipts import AccountView

# What is said of a card that must be taken, and what instead to somebody who has none in the slot.
_WITHOUT_CARD = {
    "offline": "number_offline",
    "try_later": "number_offline",
    "unknown_card": "number_unknown",
}


def welcome(setting: Setting, first: list[Request]) -> Step:
    """Open the slot for the next member, after `first`."""
    return State(), [*first, screens.welcome(setting), AwaitCard()]


def ask_account(setting: Setting, card: Card, proof: str) -> AskHub:
    """Ask what the card's member has, and say what the card carries."""
    lease = lease_on(setting, card)
    return AskHub(
        AskAccount(
            ref=NO_REF,
            card=card.uid,
            member=card.member,
            ctr_seen=card.counter,
            proof=proof,
            lease="" if lease is None else lease.id,
            lease_left_points=0 if lease is None or card.lease is None else card.lease.left_points,
        )
    )


def greet(setting: Setting, card: Card, view: AccountView) -> Step:
    """Show the account for the first time in a visit, and say so if it is not the whole of it."""
    notice = "balance_provisional" if view.is_provisional else ""
    return show_account(setting, card, view, notice=notice)


def show_account(setting: Setting, card: Card, view: AccountView, *, notice: str = "") -> Step:
    """Show the account, after a `notice` if one is given."""
    return State(phase=Choosing(card, view)), [screens.account(setting, card, view, notice=notice)]


def part(card: Card, screen: str, *, sound: str) -> Step:
    """Say why it ends here, and give the card back if there is one."""
    if card.profile.has_chip:
        return return_card(screen, sound=sound)
    return turn_away(_WITHOUT_CARD.get(screen, screen))


def turn_away(screen: str) -> Step:
    """Say why nothing is done; no card is in the slot."""
    return State(), [Sound("refused"), Show(screen=screen, timeout_ms=screens.TAKE_CARD_TIMEOUT_MS)]


def leave(setting: Setting, card: Card) -> Step:
    """End a visit in which nothing went wrong; without a card in the slot nobody waits for one."""
    if card.profile.has_chip:
        return return_card("take_card", sound="take_card")
    return State(), [screens.welcome(setting)]


def return_card(screen: str, *, sound: str, spent: Values = NOTHING_SPENT) -> Step:
    """Give the card back with a last screen."""
    is_refusal = sound == "refused"
    made = Sound("refused" if is_refusal else "take_card")
    shown = screens.take_card(screen, is_refusal=is_refusal, values=spent)
    return State(phase=Returning()), [made, shown, ReturnCard()]


def written(card: Card, counter: int) -> Card:
    """Return `card` after a write that left it at `counter`, as far as is known."""
    return replace(card, counter=counter, next_counter=card.next_counter + 1)
