"""What the hub says to a device that asks: an account's view, a grant, a release, or no."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hub.ledger.books import Books
from hub.ledger.rows import DeviceRow, HoldRow, MemberRow
from hub.posting.card_key_answers import answer_card_keys
from hub.posting.card_proofs import CardProofs, Verdict
from hub.posting.documents import Documents
from hub.posting.leasing import Leasing
from hub.posting.offline_keys import OfflineKeys
from hub.posting.unstated import has_visits_to_come
from loyalty.asks import (
    Ask,
    AskAccount,
    AskCardKeys,
    AskDocument,
    AskLease,
    AskRedeem,
    CancelRedeem,
)
from loyalty.card_numbers import kind_of
from loyalty.chain import hmac_sha256, same_bytes
from loyalty.face_proofs import from_text
from loyalty.fields import POINTS_MAX
from loyalty.fold import new_member
from loyalty.programme import Programme, in_force
from loyalty.receipts import AccountView, Answer, RedeemGranted, Refusal, Released
from loyalty.rules.redeem import first_to_expire, may_redeem, spendable_points
from loyalty.rules.tiers import next_tier
from loyalty.state import MemberState, Refused

GRANT_MS = 10 * 60_000
GRANTS_MAX = 16  # open at once, per device
CHECK_DIGITS = 16

_REASONS = {Verdict.REPLAYED: "card_replayed", Verdict.WRONG: "card_unproven"}


def face_check(key: bytes, account: str, version: int, points: int, as_of_s: int) -> str:
    """Return the hub's mark on what a card's face shows: 16 hexadecimal digits of an HMAC.

    The face's code carries whole seconds since 1970, so the mark is made on those.
    """
    shown = f"{account}|{version}|{points}|{as_of_s}"
    return hmac_sha256(key, shown.encode()).hex()[:CHECK_DIGITS]


class OfflineAnswers(NamedTuple):
    """What answers asks about spending without the hub."""

    keys: OfflineKeys | None
    leasing: Leasing
    documents: Documents


class Answers:
    """Answers asks from the books; a grant sets points aside there."""

    def __init__(
        self,
        books: Books,
        programmes: Sequence[Programme],
        face_key: bytes,
        new_id: Callable[[], str],
        proofs: CardProofs,
        offline: OfflineAnswers,
    ) -> None:
        self._books = books
        self._programmes = programmes
        self._face_key = face_key
        self._new_id = new_id
        self._proofs = proofs
        self._offline = offline

    def answer(self, device: DeviceRow, secret: bytes, ask: Ask, now_ms: int) -> Answer:
        """Return the answer to `ask` (anything but a Hello), which came under `secret`."""
        match ask:
            case AskAccount():
                return self._unproven(device, ask) or self._view(ask, now_ms)
            case AskRedeem():
                return self._redeem(device, ask, now_ms)
            case CancelRedeem():
                return self._cancel(device, ask)
            case AskLease():
                return self._offline.leasing.answer(device, secret, ask, now_ms)
            case AskDocument():
                return self._offline.documents.answer(ask, now_ms)
            case AskCardKeys():
                programme = in_force(self._programmes, now_ms)
                keys = self._offline.keys
                return answer_card_keys(self._books, keys, programme, secret, ask)
            case _:
                raise ValueError(f"no answer to {ask.kind!r}")

    def _view(self, ask: AskAccount, now_ms: int) -> Answer:
        token = self._token(ask)
        if not token:
            return Refusal(ref=ask.ref, reason="unknown_card")
        programme = in_force(self._programmes, now_ms)
        kind = self._card_kind(ask)
        if kind and kind not in programme.cards.accepted:
            return Refusal(ref=ask.ref, reason="card_not_accepted")
        self._offline.leasing.see(ask)
        member = self._books.members.find(token)
        state = self._state(member, now_ms)
        reserved_points = 0 if member is None else self._books.holds.reserved_points(member, now_ms)
        points, version = state.balance_points, state.version
        available_points = spendable_points(state, now_ms) - reserved_points
        ahead, expiring = next_tier(programme, state), first_to_expire(state, now_ms)
        return AccountView(
            ref=ask.ref,
            account=token,
            version=version,
            tier=state.tier,
            points=points,
            # What lies beyond a gap may take as much again as the member owes already.
            available_points=max(available_points, -POINTS_MAX),
            as_of_ms=now_ms,
            check=face_check(self._face_key, token, version, points, now_ms // 1000),
            next_tier=ahead.tier,
            next_tier_points=ahead.points,
            expiring_points=expiring.points,
            expires_ms=expiring.expires_ms,
            is_provisional=int(self._is_provisional(ask, now_ms)),
        )

    def _redeem(self, device: DeviceRow, ask: AskRedeem, now_ms: int) -> Answer:
        earlier = self._books.holds.of_ask(device, ask.ref)
        if earlier is not None:
            return _granted_again(earlier, now_ms)
        card = self._books.cards.find(ask.card)
        if card is not None and card.status == "blocked":
            return Refusal(ref=ask.ref, reason="card_blocked")
        unproven = self._unproven(device, ask)
        if unproven is not None:
            return unproven
        token = self._token(ask)
        if not token:
            return Refusal(ref=ask.ref, reason="unknown_card")
        kind = self._card_kind(ask)
        if kind and kind not in in_force(self._programmes, now_ms).cards.spending:
            return Refusal(ref=ask.ref, reason="card_may_not_spend")
        if self._books.holds.count_granted(device, now_ms) >= GRANTS_MAX:
            return Refusal(ref=ask.ref, reason="too_many_asks")
        return self._grant(device, ask, self._books.members.find(token), now_ms)

    def _grant(
        self, device: DeviceRow, ask: AskRedeem, member: MemberRow | None, now_ms: int
    ) -> Answer:
        programme = in_force(self._programmes, now_ms)
        reserved_points = 0 if member is None else self._books.holds.reserved_points(member, now_ms)
        offer = may_redeem(
            programme,
            self._state(member, now_ms),
            ask.offer,
            at_ms=now_ms,
            reserved_points=reserved_points,
        )
        if isinstance(offer, Refused):
            return Refusal(ref=ask.ref, reason=offer.reason)
        if member is None:  # only an offer for nothing gets here
            return Refusal(ref=ask.ref, reason="unknown_card")
        hold = HoldRow(
            self._new_id(),
            member.id,
            device.id,
            ask.ref,
            offer.id,
            offer.points,
            offer.value_minor,
            now_ms,
            now_ms + GRANT_MS,
            "active",
        )
        self._books.holds.add(hold)
        return _granted(hold)

    def _cancel(self, device: DeviceRow, ask: CancelRedeem) -> Answer:
        hold = self._books.holds.find(ask.auth)
        if hold is None or hold.device != device.id or hold.status == "captured":
            return Refusal(ref=ask.ref, reason="unknown_grant")
        self._books.holds.resolve(ask.auth, "released")
        return Released(ref=ask.ref, auth=ask.auth)

    def _unproven(self, device: DeviceRow, ask: AskAccount | AskRedeem) -> Refusal | None:
        """Return the refusal of a card whose proof is none, None for one that needs no proof."""
        if self._names_another(ask):
            return Refusal(ref=ask.ref, reason="card_unproven")
        if kind_of(ask.card):
            return self._unproven_face(ask)
        if not ask.proof:
            return None
        reason = _REASONS.get(self._proofs.judge(device, ask))
        return None if reason is None else Refusal(ref=ask.ref, reason=reason)

    def _names_another(self, ask: AskAccount | AskRedeem) -> bool:
        """Return whether the card says that it is another member's than the ledger knows.

        It was wiped and made anew for somebody else: whoever holds it must not see, nor spend,
        what is the first one's.
        """
        card = self._books.cards.find(ask.card)
        return card is not None and ask.member not in ("", card.member)

    def _unproven_face(self, ask: AskAccount | AskRedeem) -> Refusal | None:
        """Return the refusal of a code that says whose it is, and that this hub did not write.

        A number that staff linked to its member says nothing, and needs no proof.
        """
        if not ask.member:
            return None
        face = from_text(ask.proof)
        if face is not None:
            shown = (ask.member, face.version, face.points, face.as_of_s)
            if same_bytes(face_check(self._face_key, *shown).encode(), face.check.encode()):
                return None
        return Refusal(ref=ask.ref, reason="card_unproven")

    def _token(self, ask: AskAccount | AskRedeem) -> str:
        card = self._books.cards.find(ask.card)
        return ask.member if card is None else card.member

    def _card_kind(self, ask: AskAccount | AskRedeem) -> str:
        """Return the kind of the card; empty for a chip whose issue has not arrived yet."""
        card = self._books.cards.find(ask.card)
        return kind_of(ask.card) if card is None else card.kind

    def _is_provisional(self, ask: AskAccount, now_ms: int) -> bool:
        """Return whether a card with a counter tells of visits that we have not heard of yet."""
        if ask.ctr_seen < 0:
            return False
        card = self._books.cards.find(ask.card)
        return card is None or has_visits_to_come(self._books, card, ask.ctr_seen, now_ms)

    def _state(self, member: MemberRow | None, now_ms: int) -> MemberState:
        if member is None:
            return new_member(in_force(self._programmes, now_ms))
        return member.state


def _granted_again(hold: HoldRow, now_ms: int) -> Answer:
    is_over = hold.status == "active" and hold.expires_ms <= now_ms
    if hold.status == "released" or is_over:
        return Refusal(ref=hold.ref, reason="unknown_grant")
    return _granted(hold)


def _granted(hold: HoldRow) -> RedeemGranted:
    return RedeemGranted(
        ref=hold.ref,
        auth=hold.auth,
        offer=hold.offer,
        points=hold.points,
        value_minor=hold.value_minor,
        granted_ms=hold.granted_ms,
        expires_ms=hold.expires_ms,
    )
