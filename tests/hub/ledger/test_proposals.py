"""What takes two people takes two, once, on both engines."""

from contextlib import closing

import pytest

from hub.errors import HubError, NotFound
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import (
    NOTE_MAX_CHARS,
    PERSON_MAX_CHARS,
    Proposal,
    decide,
    find_proposal,
    find_proposals,
    propose,
)

WANTED = Proposal("p1", "gift", "anna", "30", "goodwill", "The kiosk kept her card.", "wong", 7)


@pytest.fixture
def ledger(ledger_url):
    with closing(open_ledger(ledger_url, create=True)) as found:
        yield found


def test_what_one_proposes_another_agrees_to(ledger):
    propose(ledger.connection, WANTED)

    decided = decide(ledger.connection, "p1", "gift", "chan", 9, agrees=True)

    assert decided == WANTED._replace(checker="chan", decided_ms=9, status="agreed")
    assert find_proposal(ledger.connection, "p1", "gift") == decided


@pytest.mark.parametrize("checker", ["wong", "Wong", "", "a b", "x" * (PERSON_MAX_CHARS + 1)])
def test_nobody_decides_alone_or_without_a_name(ledger, checker):
    propose(ledger.connection, WANTED)

    with pytest.raises(HubError, match="wanted"):
        decide(ledger.connection, "p1", "gift", checker, 9, agrees=True)

    assert find_proposal(ledger.connection, "p1", "gift").status == "open"


@pytest.mark.parametrize("agrees", [True, False])
def test_a_proposal_is_decided_once(ledger, agrees):
    propose(ledger.connection, WANTED)
    decide(ledger.connection, "p1", "gift", "chan", 9, agrees=False)

    with pytest.raises(HubError, match="was refused by chan"):
        decide(ledger.connection, "p1", "gift", "lee", 10, agrees=agrees)


def test_a_proposal_of_another_kind_is_none(ledger):
    propose(ledger.connection, WANTED)

    with pytest.raises(NotFound, match="no proposal 'p1' of kind 'loan'"):
        decide(ledger.connection, "p1", "loan", "chan", 9, agrees=True)


@pytest.mark.parametrize("note", ["", "x" * (NOTE_MAX_CHARS + 1), "\x1b[2J"])
def test_why_is_said_in_a_sentence(ledger, note):
    with pytest.raises(HubError, match="note of"):
        propose(ledger.connection, WANTED._replace(note=note))


def test_proposals_are_listed_newest_first(ledger):
    for number in range(4):
        propose(ledger.connection, WANTED._replace(id=f"p{number}", made_ms=number))
    propose(ledger.connection, WANTED._replace(id="other", kind="loan"))
    decide(ledger.connection, "p2", "gift", "chan", 9, agrees=False)

    everything = find_proposals(ledger, "gift", limit=3)
    still_open = find_proposals(ledger, "gift", is_open=True)

    assert [it.id for it in everything] == ["p3", "p2", "p1"]
    assert [it.id for it in still_open] == ["p3", "p1", "p0"]
