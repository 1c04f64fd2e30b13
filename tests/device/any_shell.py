"""A shell whose luck is drawn: it performs what a terminal asks for, with any outcome there may be.

It keeps what a person and an auditor would see of it: the screen, the card, what is on disk.
"""

from collections import deque
from dataclasses import replace

from device.behaviour.card import card_without_record
from device.behaviour.events import (
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    Chosen,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    LookedUp,
    RecordSaved,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.requests import (
    AskHub,
    AwaitCard,
    AwaitSettled,
    Identify,
    JudgeFace,
    LookUp,
    Personalise,
    PrintFace,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    StopAwaitingCard,
    WriteCard,
)
from loyalty.asks import AskAccount, AskCardKeys, AskLease, AskRedeem, CancelRedeem
from loyalty.receipts import CardKeysGranted, RedeemGranted, Refusal, Released
from tests.device.leased_cards import NOW, SETTING, WELL, granted, view

FOLLOWING_MAX = 60  # events that one event may have for consequences
PHONE = card_without_record("phone:00112233445566778899aabbccddeeff", "phone")
NUMBERS = [CardRead(PHONE), CardRefused("", "no_phone_number", "phone")]
JOURNAL_FAILS = JournalFailed("full")


class AnyShell:
    """A terminal of which `step` is the behaviour; `draw` returns one of a list, in any way.

    The events `chips` tell of a card at the reader, others of codes and numbers.
    """

    def __init__(self, step, state, draw, *, chips):
        self.state = state
        self.screen = Show(screen="dark")
        self.shown = []
        self.saved = []
        self.granted, self.cancelled = [], []
        self.open_ops = set()
        self.has_journal_failed = False
        self.is_awaiting = self.is_card_inside = False
        self._step = step
        self._chips = chips
        self._draw = draw

    @property
    def phase(self):
        return self.state.phase

    def take(self, event):
        """Take an event and all that follows from it, as `device/app.py` does."""
        if event in self._chips:
            self.is_awaiting, self.is_card_inside = False, True
        waiting = deque([event])
        for _ in range(FOLLOWING_MAX):
            if not waiting:
                return
            self.state, requests = self.behave(waiting.popleft())
            followed = [self._perform(it) for it in requests]
            waiting.extend(it for it in followed if it is not None)
        raise AssertionError(f"no end: {self.state}")

    def behave(self, event):
        """Return the state and the requests that `event` would bring, and take nothing."""
        return self._step(SETTING, self.state, event, NOW)

    def _perform(self, request):
        match request:
            case Show():
                self.screen = request
                self.shown.append(request.screen)
            case Sound():
                pass
            case AwaitCard():
                self.is_awaiting = True
            case StopAwaitingCard():
                self.is_awaiting = False
            case Identify():
                return self._draw(NUMBERS)
            case SaveIntent(intent=intent):
                return self._save(self.open_ops.add, intent.op, IntentSaved())
            case SaveRecord(record=record, ends_op=ends_op):
                saved = self._save(self.saved.append, record, RecordSaved())
                if saved == RecordSaved():
                    self.open_ops.discard(ends_op)
                return saved
            case WriteCard(card=card):
                done = CardWritten("done", card.next_counter)
                return self._draw([done, *(CardWritten(it, card.counter) for it in _UNDONE)])
            case Personalise():
                spoiled = CardWritten("torn", 0, is_spoiled=True)
                return self._draw([CardWritten("done", 1), CardWritten("torn", 0), spoiled])
            case LookUp():
                return self._draw([LookedUp(it) for it in _STANDINGS])
            case AwaitSettled():
                return self._draw([RecordsSettled(), HubUnreached()])
            case AskHub(ask=ask):
                heard = self._draw([*self._answers(ask), HubUnreached()])
                if isinstance(heard, HubAnswered) and isinstance(heard.answer, RedeemGranted):
                    self.granted.append(heard.answer.auth)
                return heard
            case PrintFace():
                ends = ("printed", "unchanged", "unseen", "stale")
                return self._draw([FaceEnded(it) for it in ends])
            case JudgeFace(is_good=is_good):
                return FaceEnded("printed" if is_good else "stale")
            case ReturnCard():
                assert self.is_card_inside
                self.is_card_inside = False
                return CardReturned()
            case _:
                raise AssertionError(f"nobody performs {request}")
        return None

    def _save(self, keep, kept, saved):
        heard = self._draw([saved, saved, saved, JOURNAL_FAILS])
        if heard == saved:
            keep(kept)
        else:
            self.has_journal_failed = True
        return heard

    def _answers(self, ask):
        match ask:
            case AskAccount():
                said = [view(500), view(50), replace(view(500), is_provisional=1)]
                refusals = ("unknown_card", "card_blocked", "try_later")
            case AskRedeem(offer=offer):
                said = [_grant(offer, f"grant-{len(self.granted)}")]
                refusals = ("not_enough_points", "unknown_offer")
            case AskLease():
                said, refusals = [granted(), granted(seed=bytes(32))], ("try_later",)
            case AskCardKeys(card=card):
                keys = {"master_key": "ab" * 24, "credit_key": "cd" * 24}
                said = [CardKeysGranted(ref="1", card=card, **keys)]
                refusals = ("try_later",)
            case CancelRedeem(auth=auth):
                self.cancelled.append(auth)
                said, refusals = [Released(ref="1", auth=auth)], ("unknown_grant",)
        return [
            HubAnswered(it)
            for it in (*said, *(Refusal(ref="1", reason=reason) for reason in refusals))
        ]

    def touches(self):
        """Return what a person can touch, and the end of their patience."""
        timed_out = [TimedOut()] if self.screen.timeout_ms else []
        return [*(Chosen(it) for it in self.screen.choices), *timed_out]


_UNDONE = ("torn", "unknown")
_STANDINGS = (WELL, replace(WELL, is_stopped=True), replace(WELL, given_points=10_000))


def _grant(offer, auth):
    return RedeemGranted(
        ref="1",
        auth=auth,
        offer=offer,
        points=SETTING.offers[offer],
        value_minor=SETTING.worth_minor[offer],
        granted_ms=NOW.at_ms,
        expires_ms=NOW.at_ms + 60_000,
    )
