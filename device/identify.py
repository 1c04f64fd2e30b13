"""Numbers in place of chips: from what was scanned, swiped or typed to a card, or a refusal.

Here a number becomes the id that stands for it; nothing further inside ever sees the number.
"""

from device.display.cards.payload import BadPayload, decode
from device.events import CardRead, CardRefused, card_without_record
from device.scanners.codes import CardNumber, card_number
from device.scanners.stripes import BankCard, Unreadable
from loyalty.card import is_member_token
from loyalty.card_numbers import card_id, number_key
from loyalty.phone_numbers import NoPhoneNumber, normal_form


class Identifier:
    """Knows the programme's key of numbers, which follows from the key that seals its cards."""

    def __init__(self, seal_key: bytes) -> None:
        self._key = number_key(seal_key)

    def scanned(self, text: str) -> CardRead | CardRefused:
        """Return the card whose code or stripe a scanner sent as `text`."""
        member = _member_on_face(text)
        if member:
            return self._card("barcode", f"face\0{member}", member)
        match card_number(text):
            case CardNumber(kind=kind, number=number):
                return self._card(kind, number)
            case Unreadable(problem=problem):
                return CardRefused("", problem)
            case BankCard():
                return CardRefused("", "bank_card")

    def keyed(self, text: str) -> CardRead | CardRefused:
        """Return the card that the phone number `text`, typed by a person, stands for."""
        try:
            return self._card("phone", normal_form(text))
        except NoPhoneNumber:
            return CardRefused("", "no_phone_number", "phone")

    def _card(self, kind: str, number: str, member: str = "") -> CardRead:
        return CardRead(card_without_record(card_id(kind, number, self._key), kind, member))


def _member_on_face(text: str) -> str:
    """Return the token in the code of one of our faces, empty for anything else.

    It is the same card however often its face was printed since.
    """
    symbology_free = text[3:] if text.startswith("]Q") else text
    try:
        account = decode(symbology_free).account
    except BadPayload:
        return ""
    return account if is_member_token(account) else ""
