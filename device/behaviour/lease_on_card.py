"""The lease that a card carries, if the hub's key says so."""

from device.behaviour.card import Card
from device.behaviour.setting import Setting
from loyalty.card_kinds import Trust
from loyalty.leases import Lease, NoCertificate, certificate, read_certificate
from loyalty.receipts import LeaseGranted


def lease_on(setting: Setting, card: Card) -> Lease | None:
    """Return what the hub has signed for this card and the card carries, else None."""
    if card.lease is None:
        return None
    try:
        return read_certificate(card.lease.certificate, bytes.fromhex(card.uid), setting.hub_key)
    except NoCertificate:
        return None


def wants_lease(setting: Setting, card: Card) -> bool:
    """Return whether the hub may be asked for a lease: the card has a place for one, and none."""
    terms_offer = setting.offline.offers_leases and bool(setting.hub_key)
    is_of_a_kind = card.profile.trust is Trust.LEASE and card.kind in setting.cards.spending
    has_place = card.lease is not None and lease_on(setting, card) is None
    return terms_offer and is_of_a_kind and has_place


def certificate_of(setting: Setting, card: Card, granted: LeaseGranted) -> bytes | None:
    """Return what the card is to carry; None where the hub's key has not signed it for this card.

    A lease that counts from another number than the card's is for another time.
    """
    try:
        lease = Lease(
            id=granted.lease,
            uid=bytes.fromhex(card.uid),
            points=granted.points,
            expires_s=granted.expires_s,
            counter=granted.counter,
        )
        data = certificate(lease, bytes.fromhex(granted.signature))
        is_signed = read_certificate(data, lease.uid, setting.hub_key) == lease
    except (NoCertificate, ValueError):
        return None
    return data if is_signed and granted.counter == card.counter else None
