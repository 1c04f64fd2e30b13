"""Numbers in place of chips: from what was scanned, swiped or typed to a card, or a refusal.

Here a number becomes the id that stands for it; nothing further inside ever sees the number.
"""

from device.behaviour.card import card_without_record
from device.behaviour.events import CardRead, CardRefused
from device.display.cards.payload import BadPayload, Payload, decode
from device.scanners.codes import CardNumber, card_number
from device.scanners.stripes import BankCard, Unreadable
from loyalty.card import is_member_token
from loyalty.card_numbers import card_id, number_key
from loyalty.face_proofs import FaceProof, to_text
from loyalty.phone_numbers import NoPhoneNumber, normal_form


class Identifier:
    """Knows the programme's key of numbers, which follows from the key that seals its cards."""

    def __init__(self, seal_key: bytes) -> None:
        self._key = number_key(seal_key)

    def scanned(self, text: str) -> CardRead | CardRefused:
        """Return the card whose code or stripe a scanner sent as `text`."""
        face = _face(text)
        if face is not None:
            # It is the same card however often its face was printed since.
            uid = card_id("barcode", f"face\0{face.account}", self._key)
            return CardRead(card_without_record(uid, "barcode", face.account, _proof(face)))
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

    def _card(self, kind: str, number: str) -> CardRead:
        return CardRead(card_without_record(card_id(kind, number, self._key), kind))


def _face(text: str) -> Payload | None:
    """Return what the code of one of our faces says, None for anything else."""
    without_symbology = text[3:] if text.startswith("]Q") else text
    try:
        face = decode(without_symbology)
    except BadPayload:
        return None
    return face if is_member_token(face.account) else None


def _proof(face: Payload) -> str:
    return to_text(FaceProof(face.version, face.points, face.as_of_s, face.check))
