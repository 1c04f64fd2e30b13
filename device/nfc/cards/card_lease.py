"""What a card that may carry a lease carries: the hub's word for it, and what is unspent."""

from dataclasses import dataclass

from loyalty.leases import CERTIFICATE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLease:
    """The `certificate` as it stands on the card, zeros for none; nobody has checked it here."""

    certificate: bytes
    left_points: int


NO_LEASE = CardLease(certificate=bytes(CERTIFICATE_BYTES), left_points=0)
