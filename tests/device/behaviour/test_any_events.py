"""Whatever happens, in whatever order: screen and state agree, and whoever came can leave."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.app import LEAVINGS
from device.behaviour import handheld, kiosk
from device.behaviour import handheld_phases as in_hand
from device.behaviour import kiosk_phases as at_kiosk
from device.behaviour.card import card_without_record
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    Chosen,
    DayEnded,
    IssueKeyed,
    NumberKeyed,
    PlaceOpened,
    PlaceShut,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
    TimedOut,
)
from loyalty.lease_records import LeaseSpend
from loyalty.records import Redemption, Sale
from tests.device.any_shell import PHONE, AnyShell
from tests.device.leased_cards import CARD, NOW, SETTING, carrying

EVENTS_MAX = 30
# The same ones each time: whether a change is right must not hang on the luck of the draw.
WALKS = settings(max_examples=80, derandomize=True)
CODE = card_without_record("barcode:00112233445566778899aabbccddeeff", "barcode", "hh-2")
PLASTIC = replace(CARD, uid="deadbeef", kind="classic1k", lease=None)
CHIPS = [
    *(CardRead(it) for it in (PLASTIC, CARD, carrying())),
    *(CardRefused("cafe", it, "classic1k") for it in ("foreign", "copied", "blank")),
    CardRefused("cafe", "blank", "desfire_ev2"),
]
SCANNED = [CardRead(PHONE), CardRead(CODE), CardRefused("", "bank_card"), NumberKeyed("91234567")]
DAYS = [DayEnded(20170301), DayEnded(20170301, by_calendar=True)]
EVERY_CHOICE = [
    *("return", "done", "print", "back", "confirm", "more_time", "key_phone", "no_card", "cancel"),
    *("face_good", "face_bad", *SETTING.offers),
]
TILL = {"store": "shop-1", "till_ms": NOW.at_ms, "currency": "USD", "items": ()}
STAFF = [
    *(SaleKeyed(TillSale(receipt=it, **TILL)) for it in ("1", "2")),
    *(IssueKeyed(it) for it in ("hh-1", "hh-2")),
    StaffSignedOn("anna"),
]
SHUT = [
    PlaceShut("staff_needed", {"notice": "printer_jam"}),
    PlaceShut("not_finished", {"card_is_out": 1}),
]
MISSING = [PlaceShut("reader_missing")]

# Where a kiosk is at rest, and the screen that belongs there.
SCREEN_OF = {
    at_kiosk.Keying: "key_phone",
    at_kiosk.Choosing: "account",
    at_kiosk.Confirming: "confirm",
    at_kiosk.ChoosingOffline: "account_offline",
    at_kiosk.ConfirmingOffline: "confirm",
    at_kiosk.Wondering: "more_time",
    at_kiosk.Looking: "face_unseen",
}
ASKS = ("tap_card", "tap_new_card", "reader_missing", "finish_first", "key_phone")
REFUSES = ("card_", "issue_needs_hub")


def drawn_by(data):
    return lambda options: data.draw(st.sampled_from(options))


def kiosk_with(draw):
    shell = AnyShell(kiosk.step, at_kiosk.State(), draw, chips=CHIPS)
    shell.take(Booted((), ""))
    return shell


def handheld_with(draw):
    shell = AnyShell(handheld.step, in_hand.State(), draw, chips=CHIPS)
    shell.take(Booted((), ""))
    return shell


def happening(shell, draw):
    """Return what may happen now: touches of this screen and of one before, cards, numbers."""
    is_kiosk = isinstance(shell.state, at_kiosk.State)
    sorts = [shell.touches(), SCANNED, DAYS, [Chosen(it) for it in EVERY_CHOICE]]
    if shell.is_awaiting:
        sorts.append([PlaceOpened(), *(SHUT if is_kiosk else MISSING)])
    if shell.is_awaiting and shell.state.shut is None:  # it is opened before a card comes
        sorts.append(CHIPS)
    if not is_kiosk:
        sorts.append(STAFF)
    return draw(draw([it for it in sorts if it]))


def is_welcoming(shell):
    """Return whether a kiosk that serves nobody shows what it should."""
    shut, screen = shell.state.shut, shell.screen
    if screen.screen == "welcome":
        return shut is None
    is_told = shut is not None and screen.screen == shut.screen
    return is_told or screen.timeout_ms > 0 or screen.screen.startswith("journal_")


def is_in_agreement(shell):
    """Return whether a kiosk at rest shows, holds and waits for what its state says."""
    phase = shell.phase
    if isinstance(phase, at_kiosk.Waiting):
        return is_welcoming(shell) and shell.is_awaiting and not shell.is_card_inside
    met = phase.before if isinstance(phase, at_kiosk.Wondering) else phase
    has_chip = not isinstance(met, at_kiosk.Keying) and (
        isinstance(met, at_kiosk.Looking) or met.card.profile.has_chip
    )
    ends_by_itself = shell.screen.timeout_ms > 0
    is_shown = shell.screen.screen == SCREEN_OF[type(phase)]
    return is_shown and ends_by_itself and shell.is_card_inside == has_chip != shell.is_awaiting


@WALKS
@given(st.data())
def test_a_kiosks_screen_agrees_with_its_state_whatever_happens(data):
    draw = drawn_by(data)
    shell = kiosk_with(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        event = happening(shell, draw)
        shell.take(event)

        assert is_in_agreement(shell), (event, shell.phase, shell.screen)


@WALKS
@given(st.data())
def test_who_leaves_a_kiosk_without_a_word_has_left(data):
    draw = drawn_by(data)
    shell = kiosk_with(draw)
    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        shell.take(happening(shell, draw))

    for _ in range(LEAVINGS):
        shell.take(TimedOut())

    assert shell.phase == at_kiosk.Waiting()
    assert not shell.is_card_inside


@WALKS
@given(st.data())
def test_a_kiosk_says_spent_when_that_is_on_disk_and_never_otherwise(data):
    draw = drawn_by(data)
    shell = kiosk_with(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        saved, shown = len(shell.saved), len(shell.shown)
        shell.take(happening(shell, draw))

        spent = [it for it in shell.saved[saved:] if isinstance(it, Redemption | LeaseSpend)]
        told = [it for it in shell.shown[shown:] if it.startswith("redeemed")]
        assert len(told) == len(spent) <= 1
        assert not (spent and "not_finished" in shell.shown[shown:])


@WALKS
@given(st.data())
def test_every_grant_is_spent_or_given_back_and_every_write_has_its_record(data):
    draw = drawn_by(data)
    shell = data.draw(st.sampled_from([kiosk_with, handheld_with]))(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        shell.take(happening(shell, draw))

        spent = [it.auth for it in shell.saved if isinstance(it, Redemption) and it.auth]
        assert sorted([*spent, *shell.cancelled]) == sorted(shell.granted)
        # What became of a face the slot states itself.
        left_open = {it for it in shell.open_ops if not it.startswith("face:")}
        assert shell.has_journal_failed or not left_open


@WALKS
@given(st.data())
def test_a_choice_that_is_offered_is_heard(data):
    draw = drawn_by(data)
    shell = data.draw(st.sampled_from([kiosk_with, handheld_with]))(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        shell.take(happening(shell, draw))
        before = shell.state
        for choice in shell.screen.choices:
            after, requests = shell.behave(Chosen(choice))
            assert (after, requests) != (before, []), (choice, shell.phase, shell.screen)


@WALKS
@given(st.data())
def test_a_handheld_waits_for_a_card_when_it_asks_for_one_and_offers_a_way_out(data):
    draw = drawn_by(data)
    shell = handheld_with(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        event = happening(shell, draw)
        shell.take(event)

        screen = shell.screen
        if isinstance(shell.phase, in_hand.Idle):
            assert (shell.is_awaiting, screen.choices) == (False, ()), (event, screen)
            continue
        assert isinstance(shell.phase, in_hand.AwaitingCard | in_hand.AwaitingBlank)
        assert shell.is_awaiting, (event, shell.phase)
        assert screen.screen.startswith((*ASKS, *REFUSES)), (event, screen)
        assert {"no_card", "cancel", "back"}.intersection(screen.choices), (event, screen)
        assert (screen.screen == "key_phone") == shell.phase.is_keying


@WALKS
@given(st.data())
def test_a_handheld_says_sold_when_the_sale_is_on_disk_and_never_otherwise(data):
    draw = drawn_by(data)
    shell = handheld_with(draw)

    for _ in range(data.draw(st.integers(1, EVENTS_MAX))):
        saved, shown = len(shell.saved), len(shell.shown)
        shell.take(happening(shell, draw))

        sold = [it for it in shell.saved[saved:] if isinstance(it, Sale)]
        told = [it for it in shell.shown[shown:] if it in ("sold", "sold_unseen")]
        assert len(told) == len(sold) <= 1


@pytest.mark.parametrize("event", STAFF, ids=lambda it: type(it).__name__)
def test_what_staff_key_changes_nothing_at_a_kiosk(event):
    shell = kiosk_with(lambda options: options[0])
    before = shell.state, shell.shown

    shell.take(event)

    assert (shell.state, shell.shown) == before
