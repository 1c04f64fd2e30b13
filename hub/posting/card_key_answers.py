"""The keys of a blank card, for a terminal that is about to make it one of ours."""

from hub.ledger.books import Books
from hub.posting.offline_keys import OfflineKeys, credit_key, master_key
from loyalty.asks import AskCardKeys
from loyalty.card_kinds import PROFILES, Trust
from loyalty.key_wrap import wrap
from loyalty.programme import Programme
from loyalty.receipts import CardKeysGranted, Refusal

LEASE_KINDS = frozenset(it.kind for it in PROFILES.values() if it.trust is Trust.LEASE)
UID_MAX_BYTES = 10  # ISO/IEC 14443-3, 6.5.4


def answer_card_keys(
    books: Books, keys: OfflineKeys | None, programme: Programme, secret: bytes, ask: AskCardKeys
) -> CardKeysGranted | Refusal:
    """Return the keys that terminals do not have, for a card that is nobody's yet.

    Nobody gets those of a card that is somebody's: with its master key a card is written anew.
    """
    if keys is None or keys.credit_master is None or not programme.cards.accepted & LEASE_KINDS:
        return Refusal(ref=ask.ref, reason="card_not_accepted")
    uid = _uid(ask.card)
    if uid is None or books.cards.find(ask.card) is not None:
        return Refusal(ref=ask.ref, reason="card_not_accepted")
    return CardKeysGranted(
        ref=ask.ref,
        card=ask.card,
        master_key=wrap(secret, ask.ref, master_key(keys.credit_master, uid)),
        credit_key=wrap(secret, ask.ref, credit_key(keys.credit_master, uid)),
    )


def _uid(card: str) -> bytes | None:
    try:
        uid = bytes.fromhex(card)
    except ValueError:
        return None
    # The ledger knows a card by one spelling only, that of terminals.
    return uid if 1 <= len(uid) <= UID_MAX_BYTES and uid.hex() == card else None
