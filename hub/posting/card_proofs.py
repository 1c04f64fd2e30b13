"""Whether a card that proves itself is the one it says, and says it for the first time.

The proof is a SUN message of an NTAG 424 DNA (`loyalty.sun`): nobody without the card can make a
new one, and one that was copied off a phone's screen or out of the air is good only until the hub
has heard it, or a newer one.
"""

from enum import Enum

from hub.ledger.proofs import Proofs
from hub.ledger.rows import DeviceRow
from loyalty.aes import decrypt_block, encrypt_block
from loyalty.asks import AskAccount, AskRedeem
from loyalty.keys import sun_file_key, sun_meta_key
from loyalty.sun import prove


class Verdict(Enum):
    """What a proof is worth."""

    PROVEN = "proven"
    REPLAYED = "replayed"  # The card made it, but it was used, or a newer one was.
    WRONG = "wrong"  # No card of ours made it, or another one than the ask names.
    UNCHECKED = "unchecked"  # This hub has no keys to check it with.


class CardProofs:
    """Judges proofs, and remembers the last of each card."""

    def __init__(self, proofs: Proofs, card_master: bytes | None) -> None:
        """Check with the keys that come from `card_master`, or not at all without it."""
        self._proofs = proofs
        self._master = card_master
        self._meta_key = b"" if card_master is None else sun_meta_key(card_master, encrypt_block)

    def judge(self, device: DeviceRow, ask: AskAccount | AskRedeem) -> Verdict:
        """Return what the proof in `ask` is worth; the same ask asked again is worth the same."""
        master = self._master
        if master is None:
            return Verdict.UNCHECKED
        found = prove(
            ask.proof,
            self._meta_key,
            lambda uid: sun_file_key(master, uid, encrypt_block),
            encrypt_block,
            decrypt_block,
        )
        if found is None or found[0].hex() != ask.card.lower():
            return Verdict.WRONG
        last = self._proofs.last(ask.card.lower())
        if last is not None and found[1] <= last.counter:
            again = (found[1], device.id, ask.ref) == last
            return Verdict.PROVEN if again else Verdict.REPLAYED
        self._proofs.keep(ask.card.lower(), found[1], device, ask.ref)
        return Verdict.PROVEN
