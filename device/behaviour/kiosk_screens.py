"""What the kiosk's screens tell and offer; which of them comes when is decided in `kiosk.py`."""

from device.behaviour.card import Card
from device.behaviour.events import PlaceShut
from device.behaviour.kiosk_phases import Values
from device.behaviour.offline_limits import Limit
from device.behaviour.requests import Request, Show, Sound
from device.behaviour.setting import Setting
from loyalty.receipts import AccountView

MORE_TIME_MS = 20_000  # to answer whether one is still there: WCAG 2.2, 2.2.1
TAKE_CARD_TIMEOUT_MS = 30_000

WELCOME = "welcome"
PHONE = "key_phone"
CONFIRM, BACK, MORE_TIME = "confirm", "back", "more_time"
PRINT, RETURN, DONE = "print", "return", "done"


def welcome(setting: Setting) -> Show:
    """Return the screen that waits for the next member."""
    takes_phone = "phone" in setting.cards.accepted
    return Show(screen=WELCOME, choices=(PHONE,) if takes_phone else ())


def shut(told: PlaceShut) -> list[Request]:
    """Return what tells that no card can come; whoever gets one back hears it too."""
    heard: list[Request] = [Sound("refused")] if told.values.get("card_is_out") else []
    return [*heard, Show(screen=told.screen, values=told.values)]


def unless_shut(request: Request, told: PlaceShut) -> Request:
    """Return `request`; in the place of a welcome what is `told` of the slot."""
    is_welcome = isinstance(request, Show) and request.screen == WELCOME
    return Show(screen=told.screen, values=told.values) if is_welcome else request


def day_closed() -> Show:
    """Return what staff see who ended the day here."""
    return Show(screen="day_closed", timeout_ms=TAKE_CARD_TIMEOUT_MS)


def key_phone(setting: Setting) -> Show:
    """Return the keypad for a member who has no card here."""
    return Show(screen=PHONE, choices=(BACK,), timeout_ms=setting.idle_ms)


def account(setting: Setting, card: Card, view: AccountView, *, notice: str = "") -> Show:
    """Return what the member has and may choose, after a `notice` if one is given."""
    return Show(
        screen="account",
        values={
            "points": view.points,
            "available_points": view.available_points,
            "tier": view.tier,
            "next_tier": view.next_tier,
            "next_tier_points": view.next_tier_points,
            "member": view.account,
            "as_of_ms": view.as_of_ms,
            "notice": notice if card.profile.has_chip else "number_only",
        },
        choices=_choices(setting, card, view),
        timeout_ms=setting.idle_ms,
    )


def account_offline(setting: Setting, limit: Limit, *, notice: str = "") -> Show:
    """Return what may be spent while the hub is out of reach, after a `notice` if there is one."""
    if limit.should_meet_hub:
        notice = notice or "meet_hub_soon"
    return Show(
        screen="account_offline",
        values={"points": limit.points, "notice": notice},
        choices=(*offers_within(setting, limit.points), RETURN),
        timeout_ms=setting.idle_ms,
    )


def confirm(setting: Setting, before_points: int, offer: str) -> Show:
    """Return the question before points are spent: what there is, what goes, what is left."""
    return Show(
        screen="confirm",
        values=spent(before_points, offer, setting.offers[offer]),
        choices=(CONFIRM, BACK, RETURN),
        timeout_ms=setting.idle_ms,
    )


def more_time(card: Card) -> Show:
    """Return the question whether somebody is still there."""
    leave = RETURN if card.profile.has_chip else DONE
    return Show(screen="more_time", choices=(MORE_TIME, leave), timeout_ms=MORE_TIME_MS)


def spent(before_points: int, offer: str, points: int) -> Values:
    """Return what `points` for `offer` leave of `before_points`."""
    return {
        "offer": offer,
        "before_points": before_points,
        "points": points,
        "after_points": before_points - points,
    }


def take_card(screen: str, *, is_refusal: bool, values: Values) -> Show:
    """Return the last screen of a visit; one that refuses also says that the card is out."""
    told = {"card_is_out": 1, **values} if is_refusal else values
    return Show(screen=screen, values=told, timeout_ms=TAKE_CARD_TIMEOUT_MS)


def offers(setting: Setting, card: Card, view: AccountView) -> tuple[str, ...]:
    """Return the offers that this card can take: it must be of a kind that may spend."""
    if card.kind not in setting.cards.spending:
        return ()
    return offers_within(setting, view.available_points)


def offers_within(setting: Setting, most_points: int) -> tuple[str, ...]:
    """Return the offers that cost no more than `most_points`, cheapest first."""
    return tuple(offer for offer, points in setting.offers.items() if points <= most_points)


def _choices(setting: Setting, card: Card, view: AccountView) -> tuple[str, ...]:
    if not card.profile.has_chip:
        return (DONE,)
    face = (PRINT,) if card.profile.keeps_record else ()
    return (*offers(setting, card, view), *face, RETURN)
