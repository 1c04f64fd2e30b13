"""A hand at a simulated printer does what is said and says what came of it."""

from itertools import count

import pytest

from device.display.printers.star_frames import encode
from simulators.chips.classic import blank_chip
from simulators.hand import Hand
from simulators.plastic import PlasticCard
from simulators.star import StarSimulator

TAKE_IN, REWRITE, EJECT = encode(0x53), encode(0x46, b"0,1,1"), encode(0x50, b"1")


class Slot:
    """A printer without a cable."""

    def __init__(self):
        self.printer = StarSimulator()

    def insert(self, card):
        self.printer.insert(card)


@pytest.fixture
def hand():
    uids = count(0xCA4D0001)
    slot = Slot()
    it = Hand(slot, new_card=lambda: PlasticCard(blank_chip(next(uids).to_bytes(4, "big"))))
    it.printer = slot.printer
    return it


def test_a_card_goes_in_and_comes_out_into_the_hand(hand):
    hand.printer.feed(TAKE_IN)

    said = [hand.do("insert")]
    hand.printer.feed(REWRITE + EJECT)
    said += [hand.do("take"), hand.do("take")]

    assert said == [
        "drawn in: card ca4d0001, rewritten 0 times",
        "in your hand: card ca4d0001, rewritten 1 times",
        "there is no card at the gate",
    ]


def test_a_closed_slot_leaves_the_card_in_the_hand(hand):
    hand.do("new")

    assert hand.do("insert") == "the slot is closed; try again"
    assert hand.card is not None


def test_a_card_at_the_gate_is_in_the_way(hand):
    hand.printer.feed(TAKE_IN)
    hand.do("insert")
    hand.printer.feed(EJECT)

    assert hand.do("insert") == "a card lies at the gate; take it first"


def test_a_second_card_does_not_go_in():
    slot = Slot()
    hand = Hand(slot, new_card=PlasticCard)
    slot.printer.feed(TAKE_IN)
    hand.do("insert")

    assert hand.do("insert") == "the printer holds card without a chip, rewritten 0 times"


def test_another_card_is_put_in_the_place_of_the_held_one(hand):
    assert hand.do("swap") == "the printer holds no card"
    hand.printer.feed(TAKE_IN)
    hand.do("insert")

    said = hand.do("swap")

    assert hand.printer.held.chip.uid.hex() == "ca4d0002"
    assert hand.card.chip.uid.hex() == "ca4d0001"
    assert said.startswith("in the printer: card ca4d0002")


def test_a_person_sees_the_card_in_the_hand_or_at_the_gate_or_knows_it_inside(hand):
    assert hand.nearest is None
    hand.do("new")
    card = hand.nearest
    hand.printer.feed(TAKE_IN)
    hand.do("insert")
    inside = hand.nearest
    hand.printer.feed(EJECT)

    assert card is inside is hand.nearest


def test_a_jam_is_made_and_freed(hand):
    hand.printer.feed(TAKE_IN)
    hand.do("insert")
    hand.do("jam")
    hand.printer.feed(REWRITE)
    assert hand.printer.jammed

    said = hand.do("free")

    assert not hand.printer.jammed
    assert said == "the path is free; in your hand: card ca4d0001, rewritten 1 times"


def test_power_goes_off_and_on_and_gives_the_card_out(hand):
    hand.printer.feed(TAKE_IN)
    hand.do("insert")

    said = [hand.do("power"), hand.do("power"), hand.do("take")]

    assert said[:2] == ["the power is off", "the power is on"]
    assert said[2].startswith("in your hand: card")


def test_power_fails_just_after_the_erase(hand):
    hand.printer.feed(TAKE_IN)
    hand.do("insert")
    hand.do("cut")

    hand.printer.feed(REWRITE)

    assert (hand.printer.powered, hand.printer.held.rewrite_count) == (False, 1)


@pytest.mark.parametrize(("word", "fault"), [("hot", "head_hot"), ("mute", "mute")])
def test_what_is_wrong_gets_well(hand, word, fault):
    hand.do(word)
    assert getattr(hand.printer.faults, fault)

    hand.do("well")

    assert not getattr(hand.printer.faults, fault)


def test_the_path_is_opened_and_closed(hand):
    hand.do("open")
    assert hand.printer.feed(TAKE_IN) == b""

    hand.do("close")

    assert hand.printer.feed(TAKE_IN) != b""


@pytest.mark.parametrize("line", ["", "inser", "insert me", "x" * 1000, "hold"])
def test_what_is_not_understood_is_answered_with_the_words_there_are(hand, line):
    assert hand.do(line).startswith("one of: insert, take, new")
