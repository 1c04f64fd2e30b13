"""The kiosk's whole behaviour: a member puts a card in, sees what it holds, spends, gets it back.

Spending is online here: the hub reserves the points first. Then intent on disk, card, record,
and only then the value is the member's. The face is printed from the hub's signed view; what the
hub has not folded yet is shown apart as pending. Whatever fails, the card comes back.

A member who scans a code or types a phone number sees the account and no more: nothing is in the
slot, which stays open for a card all the while.
"""

from dataclasses import dataclass, replace

from device import kiosk_screens as screens
from device.events import (
    NO_REF,
    AskHub,
    AwaitCard,
    AwaitSettled,
    Booted,
    Card,
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    Chosen,
    DayEnded,
    Event,
    FaceContent,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    Identify,
    IntentSaved,
    JournalFailed,
    JudgeFace,
    Now,
    NumberKeyed,
    PrintFace,
    RecordSaved,
    RecordsSettled,
    Request,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Setting,
    Show,
    Sound,
    TimedOut,
    TouchOutcome,
    WriteCard,
)
from device.intent import Intent
from device.kiosk_screens import NOTHING_SPENT, Values
from device.recovery import recover
from device.refusals import admitted, suspicion
from device.stamp import NO_CARD, stamp, touched
from loyalty.asks import AskAccount, AskRedeem, CancelRedeem
from loyalty.receipts import AccountView, RedeemGranted, Refusal
from loyalty.records import DayClosed, Redemption

FACE_GOOD = "face_good"
FACE_BAD = "face_bad"

# What is said of a card that must be taken, and what instead to somebody who has none in the slot.
_WITHOUT_CARD = {
    "offline": "number_offline",
    "try_later": "number_offline",
    "unknown_card": "number_unknown",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The slot is open for the next member."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The day's last record is on its way to the disk; of the calendar's nobody is told."""

    by_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Reporting:
    """A card that was tampered with is stated to the hub; then it goes back with `screen`."""

    screen: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The hub was asked what the member of this card has."""

    card: Card


@dataclass(frozen=True, slots=True)
class Choosing:
    """The member sees the account and chooses."""

    card: Card
    view: AccountView


@dataclass(frozen=True, slots=True)
class Confirming:
    """The member sees what an offer costs and leaves, and says yes or goes back."""

    card: Card
    view: AccountView
    offer: str


@dataclass(frozen=True, slots=True)
class Wondering:
    """Nobody touched anything for long; the member is asked whether they need more time."""

    before: Choosing | Confirming


@dataclass(frozen=True, slots=True)
class Reserving:
    """The hub was asked to reserve an offer's points."""

    card: Card
    view: AccountView
    offer: str


@dataclass(frozen=True, slots=True)
class Spending:
    """The points are reserved; the intent is being saved, the card written, the record saved."""

    card: Card
    view: AccountView
    grant: RedeemGranted


@dataclass(frozen=True, slots=True)
class Settling:
    """The points are spent for good; the hub is to fold them so that the face shows the rest."""

    card: Card
    view: AccountView
    moved_points: int
    spent: Values


@dataclass(frozen=True, slots=True)
class Marking:
    """The chip's count of rewrites goes up before the face is erased."""

    card: Card
    content: FaceContent
    spent: Values


@dataclass(frozen=True, slots=True)
class Printing:
    """The printer has the card."""

    spent: Values


@dataclass(frozen=True, slots=True)
class Looking:
    """The printer could not tell; the member is asked whether the face is on the card."""

    spent: Values


@dataclass(frozen=True, slots=True)
class Returning:
    """The card is on its way out."""


Phase = (
    Waiting
    | Closing
    | Reporting
    | Asking
    | Choosing
    | Confirming
    | Wondering
    | Reserving
    | Spending
    | Settling
    | Marking
    | Printing
    | Looking
    | Returning
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is under way."""

    phase: Phase = Waiting()


Step = tuple[State, list[Request]]


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, admitted(setting, event):
        case _, Booted() as booted:
            return _welcome(setting, recover(setting, booted, now))
        case Waiting(), DayEnded(day=day, by_calendar=by_calendar):
            record = DayClosed(**stamp(setting, now), **NO_CARD, op="", day=day)
            return State(phase=Closing(by_calendar)), [SaveRecord(record)]
        case Closing(), RecordSaved():
            return State(), []
        case Closing(by_calendar=True), JournalFailed():
            return State(), []
        case phase, CardRead(card=card) if _is_slot_free(phase):
            ask = _ask_account(card, card.proof)
            return State(phase=Asking(card)), [Show(screen="one_moment"), ask]
        case phase, CardRefused() as refused if _is_slot_free(phase):
            return _refuse(setting, refused, now)
        case phase, NumberKeyed(text=text) if _is_slot_free(phase):
            return state, [Identify(text)]
        case Waiting(), Chosen(choice="key_phone"):
            return state, [screens.key_phone(setting)]
        case Waiting(), Chosen(choice="back") | TimedOut():
            return state, [screens.welcome(setting)]
        case Reporting(screen=screen), RecordSaved():
            return _return_card(screen, sound="refused")
        case Asking(card=card), HubAnswered(answer=AccountView() as view):
            return _offer(setting, card, view)
        case Asking(card=card), HubAnswered(answer=Refusal(reason=reason)):
            return _part(card, reason, sound="refused")
        case Asking(card=card), HubUnreached():
            return _part(card, "offline", sound="take_card")
        case (Choosing() | Confirming()) as before, TimedOut():
            return State(phase=Wondering(before)), [screens.more_time(before.card)]
        case Wondering(before=Choosing(card=card, view=view)), Chosen(choice="more_time"):
            return _offer(setting, card, view)
        case Wondering(before=Confirming() as before), Chosen(choice="more_time"):
            return _confirm(setting, before)
        case Wondering(before=before), Chosen(choice="return" | "done") | TimedOut():
            return _leave(setting, before.card)
        case (Choosing() | Confirming()) as before, Chosen(choice="return" | "done"):
            return _leave(setting, before.card)
        case Choosing(card=card, view=view), Chosen(choice="print") if card.profile.keeps_record:
            return _mark(card, view)
        case Choosing(card=card, view=view), Chosen(choice=offer) if offer in screens.offers(
            setting, card, view
        ):
            return _confirm(setting, Confirming(card, view, offer))
        case Confirming(card=card, view=view), Chosen(choice="back"):
            return _offer(setting, card, view)
        case Confirming(card=card, view=view, offer=offer), Chosen(choice="confirm"):
            return _reserve(card, view, offer)
        case Reserving(card=card, view=view), HubAnswered(answer=RedeemGranted() as grant):
            return _begin_spending(setting, card, view, grant, now)
        case Reserving(card=card, view=view), HubAnswered(answer=Refusal(reason=reason)):
            return _offer(setting, card, view, notice=reason)
        case Reserving(card=card, view=view), HubUnreached():
            return _offer(setting, card, view, notice="offline")
        case Spending(card=card, grant=grant), IntentSaved():
            return state, [_write(card, redeem_op(setting, grant), card.rewrites)]
        case Spending() as spending, CardWritten(outcome=outcome, counter=counter):
            return _save_redemption(setting, spending, outcome, counter, now)
        case Spending(card=card, view=view, grant=grant), RecordSaved():
            spent = screens.spent(view, grant.offer, grant.points)
            settling = Settling(card, view, -grant.points, spent)
            shown = Show(screen="redeemed", values=spent)
            return State(phase=settling), [Sound("accepted"), shown, AwaitSettled()]
        case Spending(grant=grant), JournalFailed(reason=reason):
            cancel = AskHub(CancelRedeem(ref=NO_REF, auth=grant.auth))
            returning, requests = _return_card(f"journal_{reason}", sound="refused")
            return returning, [cancel, *requests]
        case Settling(card=card), RecordsSettled():
            return state, [_ask_account(card, proof="")]  # The hub has heard it.
        case Settling(card=card) as settling, HubAnswered(answer=AccountView() as view):
            this_time_points = settling.moved_points
            return _mark(card, view, this_time_points=this_time_points, spent=settling.spent)
        case Settling(card=card, view=view) as settling, HubUnreached() | HubAnswered():
            pending_points = settling.moved_points
            return _mark(card, view, pending_points=pending_points, spent=settling.spent)
        case Marking(card=card, content=content, spent=spent), CardWritten(outcome=outcome):
            face = PrintFace(card=card, touch=outcome, content=content)
            return State(phase=Printing(spent)), [face]
        case Printing(spent=spent), FaceEnded(outcome="unseen"):
            choices, timeout_ms = (FACE_GOOD, FACE_BAD), setting.idle_ms
            shown = Show(screen="face_unseen", choices=choices, timeout_ms=timeout_ms)
            return State(phase=Looking(spent)), [Sound("take_card"), shown]
        case Looking(spent=spent), Chosen(choice="face_good"):
            return State(phase=Printing(spent)), [JudgeFace(is_good=True)]
        case Looking(spent=spent), Chosen(choice="face_bad") | TimedOut():
            return State(phase=Printing(spent)), [JudgeFace(is_good=False)]
        case Printing(spent=spent), FaceEnded(outcome="stale"):
            return _return_card("face_later", sound="take_card", spent=spent)
        case Printing(spent=spent), FaceEnded():
            return _return_card("take_card", sound="take_card", spent=spent)
        case _, CardReturned():
            return _welcome(setting, [])
        case Waiting() | Closing(), JournalFailed(reason=reason):
            return State(), [Sound("refused"), Show(screen=f"journal_{reason}")]
        case _, JournalFailed(reason=reason):
            return _return_card(f"journal_{reason}", sound="refused")
        case _:
            return state, []


def redeem_op(setting: Setting, grant: RedeemGranted) -> str:
    """Return the business key of a redemption: store, grant and leg; a grant is spent once."""
    return f"{setting.store}:{grant.auth}:redeem"


def _welcome(setting: Setting, first: list[Request]) -> Step:
    return State(), [*first, screens.welcome(setting), AwaitCard()]


def _is_slot_free(phase: Phase) -> bool:
    """Return whether a card may come: nobody is served, or somebody who has none in the slot."""
    met = phase.before if isinstance(phase, Wondering) else phase
    return isinstance(met, Waiting) or (isinstance(met, Choosing) and not met.card.profile.has_chip)


def _ask_account(card: Card, proof: str) -> AskHub:
    return AskHub(
        AskAccount(
            ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, proof=proof
        )
    )


def _refuse(setting: Setting, refused: CardRefused, now: Now) -> Step:
    screen = f"card_{refused.problem}"
    if not refused.uid:
        return _turn_away(screen)
    record = suspicion(setting, refused, now)
    if record is not None:
        return State(phase=Reporting(screen)), [SaveRecord(record)]
    return _return_card(screen, sound="refused")


def _part(card: Card, screen: str, *, sound: str) -> Step:
    """Say why it ends here, and give the card back if there is one."""
    if card.profile.has_chip:
        return _return_card(screen, sound=sound)
    return _turn_away(_WITHOUT_CARD.get(screen, screen))


def _turn_away(screen: str) -> Step:
    return State(), [Sound("refused"), Show(screen=screen, timeout_ms=screens.TAKE_CARD_TIMEOUT_MS)]


def _offer(setting: Setting, card: Card, view: AccountView, *, notice: str = "") -> Step:
    return State(phase=Choosing(card, view)), [screens.account(setting, card, view, notice=notice)]


def _confirm(setting: Setting, confirming: Confirming) -> Step:
    shown = screens.confirm(setting, confirming.view, confirming.offer)
    return State(phase=confirming), [shown]


def _leave(setting: Setting, card: Card) -> Step:
    """End a visit in which nothing went wrong; without a card in the slot nobody waits for one."""
    if card.profile.has_chip:
        return _return_card("take_card", sound="take_card")
    return State(), [screens.welcome(setting)]


def _reserve(card: Card, view: AccountView, offer: str) -> Step:
    ask = AskRedeem(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, offer=offer
    )
    return State(phase=Reserving(card, view, offer)), [Show(screen="one_moment"), AskHub(ask)]


def _begin_spending(
    setting: Setting, card: Card, view: AccountView, grant: RedeemGranted, now: Now
) -> Step:
    intent = Intent(
        op=redeem_op(setting, grant),
        card=card.uid,
        member=card.member,
        kind=Redemption.kind,
        counter_before=card.counter,
        counter_after=card.next_counter,
        begun_ms=now.at_ms,
    )
    return State(phase=Spending(card, view, grant)), [SaveIntent(intent)]


def _write(card: Card, op: str, rewrites: int) -> WriteCard:
    return WriteCard(card=card, op=op, rewrites=rewrites)


def _save_redemption(
    setting: Setting, spending: Spending, outcome: TouchOutcome, counter: int, now: Now
) -> Step:
    card, grant = spending.card, spending.grant
    record = Redemption(
        **stamp(setting, now),
        **touched(card, outcome),
        op=redeem_op(setting, grant),
        offer=grant.offer,
        points=grant.points,
        value_minor=grant.value_minor,
        currency=setting.currency,
        auth=grant.auth,
        granted_ms=grant.granted_ms,
    )
    written = replace(
        spending, card=replace(card, counter=counter, next_counter=card.next_counter + 1)
    )
    return State(phase=written), [SaveRecord(record, record.op)]


def _mark(
    card: Card,
    view: AccountView,
    *,
    pending_points: int = 0,
    this_time_points: int | None = None,
    spent: Values = NOTHING_SPENT,
) -> Step:
    content = FaceContent(
        member=view.account,
        tier=view.tier,
        points=view.points,
        pending_points=pending_points,
        account_version=view.version,
        as_of_ms=view.as_of_ms,
        check=view.check,
        next_tier=view.next_tier,
        next_tier_points=view.next_tier_points,
        expiring_points=view.expiring_points,
        expires_ms=view.expires_ms,
        this_time_points=this_time_points,
    )
    mark = _write(card, f"face:{view.account}:{view.version}", card.rewrites + 1)
    shown = Show(screen="printing", values=spent)
    return State(phase=Marking(card, content, spent)), [shown, mark]


def _return_card(screen: str, *, sound: str, spent: Values = NOTHING_SPENT) -> Step:
    is_refusal = sound == "refused"
    made = Sound("refused" if is_refusal else "take_card")
    shown = screens.take_card(screen, is_refusal=is_refusal, values=spent)
    return State(phase=Returning()), [made, shown, ReturnCard()]
