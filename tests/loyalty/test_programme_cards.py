"""What a programme may say about cards, and what it may not."""

import pytest

from loyalty.programme import ProgrammeErrors, parse
from loyalty.programme_cards import EVERY_CARD, KINDS
from tests.loyalty.facts import SUPERMARKET_FILE

PLAIN = SUPERMARKET_FILE.read_text()


def cards(text: str):
    return parse(f"{PLAIN}\n[cards]\n{text}", source="p.toml").cards


def mistakes(text: str) -> list[str]:
    with pytest.raises(ProgrammeErrors) as found:
        cards(text)
    return [it.message for it in found.value.mistakes]


def test_a_programme_that_says_nothing_takes_every_card_and_spends_with_a_record():
    assert parse(PLAIN, source="p.toml").cards == cards("") == EVERY_CARD
    assert "phone" in EVERY_CARD.accepted
    assert EVERY_CARD.spending.isdisjoint({"phone", "barcode", "magnetic", "ultralight"})


def test_what_is_not_accepted_does_not_spend():
    found = cards('accepted = ["classic1k", "phone"]')

    assert (found.accepted, found.spending) == ({"classic1k", "phone"}, {"classic1k"})


def test_a_programme_may_have_nobody_spend():
    assert cards("spending = []").spending == frozenset()
    assert cards("spending = []").accepted == frozenset(KINDS)


def test_every_mistake_is_named_at_once():
    found = mistakes('accepted = ["octopus"]\nspending = ["phone"]\nlimit = 5')

    assert [it.split(":")[0] for it in found] == ["cards.accepted", "cards.spending", "cards.limit"]


def test_a_kind_that_is_not_accepted_cannot_spend():
    (found,) = mistakes('accepted = ["phone"]\nspending = ["desfire_ev2"]')

    assert found == "cards.spending: found 'desfire_ev2', wanted some of those in accepted"
