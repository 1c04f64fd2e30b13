"""What a screen says, in the reader's language: what happened, what to do now, is my value safe.

Every screen that a terminal can ask for has its sentences here, marked for gettext; the
translations stand in `device/locale`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from device.display.printers.advice import ADVICE
from loyalty.units import text_from_minor

Translate = Callable[[str], str]


def _(message: str) -> str:
    """Mark `message` for translation; it is looked up when a screen is put up."""
    return message


@dataclass(frozen=True, slots=True)
class Wording:
    """The three sentences of a screen; an empty one is not shown."""

    happened: str
    do_now: str = ""
    safe: str = ""


@dataclass(frozen=True, slots=True)
class ScreenText:
    """What stands on a screen: up to three lines, and the words on its buttons."""

    lines: tuple[str, ...]
    choices: tuple[str, ...]


_NOTHING_CHANGED = _("Nothing was changed on your card or your account.")
_POINTS_SAFE = _("Your points are safe.")
_ASK_STAFF = _("Please ask a member of staff.")
_NEW_CARD = _("A new card is needed; a member of staff can issue one.")
_SAVED = _("Saved.")

WORDINGS: Mapping[str, Wording] = {
    # Handheld.
    "ready": Wording(_("Ready for the next sale.")),
    "signed_on": Wording(_("You are signed on.")),
    "day_closed": Wording(_("The day is closed on this terminal.")),
    "last_operation": Wording(_("Last saved before the restart: {op}."), _("Do not key it again.")),
    "tap_card": Wording(
        _("To pay: {total}."), _("Ask for the card and hold it against the reader.")
    ),
    "hold_card": Wording(_("Reading the card."), _("Hold it still.")),
    "sold": Wording(_("Receipt {receipt} is saved with its points."), _("Give the card back.")),
    "sold_no_card": Wording(_("Sold without a card: no points."), _("Ready for the next sale.")),
    "reader_missing": Wording(
        _("The card reader does not answer."),
        _("Choose from below, wait, or call a technician."),
        _("Nothing is lost."),
    ),
    "finish_first": Wording(
        _("Something else is not finished yet."), _("Finish it first, then key this again.")
    ),
    "nothing_waits": Wording(_("No sale is waiting for a card."), _("Key the sale first.")),
    "tap_new_card": Wording(_("A new card."), _("Hold a blank card against the reader.")),
    "issued": Wording(_("The card is ready."), _("Hand it to the member.")),
    "issue_again": Wording(
        _("The card was not finished."), _("Start again with the same card."), _NOTHING_CHANGED
    ),
    "issue_needs_hub": Wording(
        _("This card can be issued only online."),
        _("Take another card, or try later."),
        _NOTHING_CHANGED,
    ),
    "card_spoiled": Wording(
        _("This card cannot be made ready any more."), _("Take a blank card."), _NOTHING_CHANGED
    ),
    "card_taken": Wording(
        _("This card belongs to another member."), _("Take a blank card."), _NOTHING_CHANGED
    ),
    # A card that cannot be used.
    "card_blank": Wording(
        _("This card is still empty."),
        _("Take another card, or issue this one first."),
        _NOTHING_CHANGED,
    ),
    "card_foreign": Wording(
        _("This is not a card of this programme."), _("Take another card."), _NOTHING_CHANGED
    ),
    "card_wrong_key": Wording(_("This card cannot be opened here."), _ASK_STAFF, _NOTHING_CHANGED),
    "card_bad_seal": Wording(
        _("What stands on this card is not ours."), _("The member needs a new card."), _POINTS_SAFE
    ),
    "card_rolled_back": Wording(
        _("This card was set back to an earlier state."), _NEW_CARD, _POINTS_SAFE
    ),
    "card_copied": Wording(_("This is not the card that we issued."), _NEW_CARD, _POINTS_SAFE),
    "card_worn_out": Wording(
        _("This card's chip no longer keeps what is written to it."), _NEW_CARD, _POINTS_SAFE
    ),
    "card_not_accepted": Wording(
        _("Cards of this kind are not taken here."),
        _("Use another card, or ask a member of staff."),
        _NOTHING_CHANGED,
    ),
    "card_may_not_spend": Wording(
        _("This kind of card cannot spend points."),
        _("Use another card, or ask a member of staff."),
        _NOTHING_CHANGED,
    ),
    # Codes, stripes and phone numbers.
    "card_unreadable_code": Wording(
        _("The code could not be read."),
        _("Hold it flat before the scanner and try again."),
        _NOTHING_CHANGED,
    ),
    "card_unreadable_stripe": Wording(
        _("The stripe could not be read."), _("Swipe the card again, evenly."), _NOTHING_CHANGED
    ),
    "card_bank_card": Wording(
        _("This is a bank card."),
        _("Put it away and use the member's card."),
        _("Nothing of the bank card was kept."),
    ),
    "card_no_phone_number": Wording(
        _("This is not a phone number."),
        _("Type all its digits, beginning with + and the country's code if it is from abroad."),
        _NOTHING_CHANGED,
    ),
    "card_unlinked": Wording(
        _("No member is known for this card or number."),
        _("Ask for another card, or sell without one."),
        _NOTHING_CHANGED,
    ),
    "linked": Wording(_("The member is now found by this card or number."), _SAVED),
    "sold_unseen": Wording(
        _("Receipt {receipt} is saved."),
        _("Its points come once our office is reached and knows the card."),
    ),
    "number_only": Wording(_("To spend points, put your card in.")),
    "number_unknown": Wording(
        _("We do not know this card or number."), _ASK_STAFF, _NOTHING_CHANGED
    ),
    "number_offline": Wording(
        _("We cannot reach our office just now."), _("Please try again later."), _POINTS_SAFE
    ),
    # The journal.
    "journal_full": Wording(
        _("This terminal is full of records that it could not send."),
        _("Use another terminal for now."),
        _("What was saved is safe; this last step was not done."),
    ),
    "journal_failed": Wording(
        _("This terminal cannot save."),
        _("Use another terminal and call a technician."),
        _("What was saved is safe; this last step was not done."),
    ),
    # Kiosk.
    "welcome": Wording(_("Welcome."), _("Put your card in.")),
    "one_moment": Wording(_("One moment, please.")),
    "account": Wording(
        _("You have {points} points, {available_points} to spend."), _("What would you like?")
    ),
    "confirm": Wording(_("Take {offer} for {points} points?")),
    "more_time": Wording(_("Are you still there?"), _("Your card comes back in a moment.")),
    "key_phone": Wording(_("Phone number")),
    "redeemed": Wording(
        _("{points} points are spent on {offer}."), _("Take your voucher."), _("Saved.")
    ),
    "printing": Wording(_("Your card is being printed."), _("One moment, please.")),
    "take_card": Wording(_("Thank you."), _("Please take your card.")),
    "face_later": Wording(
        _("The new picture could not be printed."),
        _("Take your card; it is printed on your next visit."),
        _POINTS_SAFE,
    ),
    "card_first": Wording(
        _("A card is in the machine."),
        _("Take it back first, then scan or type your number."),
        _POINTS_SAFE,
    ),
    "staff_needed": Wording(
        _("The card printer needs a hand."), _ASK_STAFF, _("Your points and your card are safe.")
    ),
    "reader_lost": Wording(_("This kiosk cannot read cards just now."), _ASK_STAFF, _POINTS_SAFE),
    **{f"printer_{code.value}": Wording(it.happened, it.do_now) for code, it in ADVICE.items()},
    "face_unseen": Wording(
        _("Is the new picture on your card?"), _("Look at your card and tell us.")
    ),
    "card_worn": Wording(
        _("This card has been printed {rewrites} times and is wearing out."),
        _("Ask for a new one; it keeps everything you have."),
        _POINTS_SAFE,
    ),
    "offline": Wording(
        _("We cannot reach our office just now."),
        _("Take your card and try again later."),
        _POINTS_SAFE,
    ),
    "account_offline": Wording(
        _("You can spend up to {points} points now."), _("What would you like?")
    ),
    "redeemed_offline": Wording(
        _("{points} points are spent on {offer}."), _("Take your voucher and your card."), _SAVED
    ),
    "not_finished": Wording(
        _("This could not be finished."), _("Take your card and try again."), _POINTS_SAFE
    ),
    "meet_hub_soon": Wording(
        _("This card should be read online soon."),
        _("Use it again when we are connected."),
        _POINTS_SAFE,
    ),
    "lease_on_its_way": Wording(
        _("Some of your points are still on their way to our office."),
        _("You can spend the others now."),
        _POINTS_SAFE,
    ),
    "balance_provisional": Wording(
        _("Some of your visits are still on their way to our office."),
        _("Your balance will be up to date when they arrive."),
        _POINTS_SAFE,
    ),
    "unknown_card": Wording(_("We do not know this card."), _ASK_STAFF, _NOTHING_CHANGED),
    "unknown_offer": Wording(
        _("This offer has ended."), _("Choose another one."), _NOTHING_CHANGED
    ),
    "not_enough_points": Wording(
        _("There are not enough points for this."), _("Choose another one."), _NOTHING_CHANGED
    ),
    "card_blocked": Wording(_("This card is blocked."), _ASK_STAFF, _POINTS_SAFE),
    "card_replayed": Wording(_("We do not know this card."), _ASK_STAFF, _POINTS_SAFE),
    "card_unproven": Wording(_("We do not know this card."), _ASK_STAFF, _POINTS_SAFE),
    "too_many_asks": Wording(
        _("That was too often."), _("Please wait a minute."), _NOTHING_CHANGED
    ),
    "unknown_grant": Wording(_("The time for this was over."), _("Start again."), _POINTS_SAFE),
    "try_later": Wording(
        _("Our office is busy."), _("Take your card and try again later."), _POINTS_SAFE
    ),
}

CHOICES: Mapping[str, str] = {
    "no_card": _("No card"),
    "cancel": _("Cancel"),
    "face_good": _("Yes, it is"),
    "face_bad": _("No, it is not"),
    "print": _("Print my card"),
    "return": _("Return card"),
    "done": _("Done"),
    "key_phone": _("Phone"),
    "back": _("Back"),
    "confirm": _("Yes, spend them"),
    "more_time": _("I need more time"),
}

# The short words around values on graphic screens.
FIELDS: Mapping[str, str] = {
    "your_points": _("Points"),
    "to_spend": _("{available_points} to spend"),
    "to_spend_now": _("To spend"),
    "next_tier": _("Points to {next_tier}: {next_tier_points}"),
    "price": _("{points} pts"),
    "was": _("Was"),
    "spent": _("Spent"),
    "now": _("Now"),
    "spend_word": _("Spend"),
    "left": _("Left"),
    "more_choices": _("Next"),
    "go_on": _("Go on"),
    "offline_kiosk": _("Offline: limited spending. {waiting} saved."),
    "offline_handheld": _("Offline: sales go on. {waiting} saved."),
    "look": _("Size and contrast"),
    "erase": _("Erase"),
    "done": _("Done"),
    "please_take_card": _("Please take your card."),
    "spend": _("Spend {points} points"),
}

# What staff and technicians call a problem on the telephone, in whatever language it is shown.
CODES: Mapping[str, str] = {
    "card_blank": "C1",
    "card_foreign": "C2",
    "card_wrong_key": "C3",
    "card_bad_seal": "C4",
    "card_taken": "C5",
    "card_blocked": "C6",
    "card_worn": "C7",
    "unknown_card": "C8",
    "issue_again": "C9",
    "card_spoiled": "C10",
    "issue_needs_hub": "C11",
    "card_rolled_back": "K1",
    "card_copied": "K2",
    "card_worn_out": "K3",
    "card_not_accepted": "K4",
    "card_may_not_spend": "K5",
    "card_replayed": "K6",
    "card_unproven": "K7",
    "card_unreadable_code": "R1",
    "card_unreadable_stripe": "R2",
    "card_bank_card": "R3",
    "card_no_phone_number": "R4",
    "card_unlinked": "R5",
    "number_unknown": "R6",
    "number_offline": "N4",
    "journal_full": "J1",
    "journal_failed": "J2",
    "offline": "N1",
    "try_later": "N2",
    "too_many_asks": "N3",
    "meet_hub_soon": "N5",
    "lease_on_its_way": "N6",
    "balance_provisional": "N7",
    "card_first": "N8",
    "unknown_offer": "A1",
    "not_enough_points": "A2",
    "unknown_grant": "A3",
    "not_finished": "A4",
    "face_later": "P1",
    "staff_needed": "P2",
    "reader_lost": "P3",
    "reader_missing": "P4",
}

# Notices that tell of nothing wrong: nobody has to do anything about them.
CALM = frozenset({"meet_hub_soon", "lease_on_its_way", "balance_provisional", "card_first"})


def screen_text(
    screen: str,
    values: Mapping[str, str | int],
    choices: tuple[str, ...],
    *,
    translate: Translate,
    labels: Mapping[str, str],
) -> ScreenText:
    """Return the text of `screen` in the language of `translate`.

    `labels` names what the programme names: offers and tiers by id. A notice among `values` is
    the name of a second screen whose sentences come first.

    Raises:
        KeyError: there is no such screen.
    """
    shown = readable(values, labels)
    lines = [*_sentences(str(values.get("notice", "")), shown, translate)]
    lines += _sentences(screen, shown, translate)
    named = tuple(
        translate(CHOICES[choice]) if choice in CHOICES else labels.get(choice, choice)
        for choice in choices
    )
    return ScreenText(tuple(lines), named)


def wording(screen: str, values: Mapping[str, str | int], translate: Translate) -> Wording:
    """Return the sentences of `screen` in the language of `translate`, with `values` filled in.

    Raises:
        KeyError: there is no such screen, or a value is missing.
    """
    said = WORDINGS[screen]
    happened, do_now, safe = (
        translate(it).format_map(values) if it else ""
        for it in (said.happened, said.do_now, said.safe)
    )
    return Wording(happened, do_now, safe)


def readable(values: Mapping[str, str | int], labels: Mapping[str, str]) -> dict[str, str | int]:
    """Return `values` as people write them: amounts with their decimals, and names for ids."""
    shown: dict[str, str | int] = {
        key: labels.get(value, value) if isinstance(value, str) else grouped(value)
        for key, value in values.items()
    }
    if "total_minor" in values:
        currency = str(values["currency"])
        shown["total"] = f"{_money(int(values['total_minor']), currency)} {currency}"
    return shown


def grouped(amount: int) -> str:
    """Return `amount` with thousands apart, as all three languages write it."""
    return f"{amount:,}".replace("-", "−")


def _money(amount_minor: int, currency: str) -> str:
    """Return an amount with its decimals and with thousands apart."""
    whole, point, part = text_from_minor(abs(amount_minor), currency).partition(".")
    sign = "−" if amount_minor < 0 else ""
    return f"{sign}{grouped(int(whole))}{point}{part}"


def _sentences(
    screen: str, values: Mapping[str, str | int], translate: Translate
) -> tuple[str, ...]:
    if not screen:
        return ()
    said = wording(screen, values, translate)
    return tuple(it for it in (said.happened, said.do_now, said.safe) if it)
