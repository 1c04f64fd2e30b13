"""Devices pull what is newer than what they have, whole and signed."""

from base64 import b64decode

import pytest

from device.documents.document_parts import DocumentParts
from device.documents.hotlist import cards_in
from hub.ledger.ledger import open_ledger
from hub.posting import own_chain
from hub.posting.documents import PART_MAX_BYTES, Document
from loyalty.asks import AskDocument
from loyalty.hub_records import CardAllowed, CardStopped
from loyalty.receipts import Answer, DocumentIsCurrent, Refusal
from loyalty.signatures import is_signed
from tests.hub.hub_world import START_MS, World, state_as_hub
from tests.hub.lease_world import KEYS, PUBLIC_KEY, UID

PROGRAMME_TEXT = b"name = 'x'\n" * 2_000


@pytest.fixture
def world(ledger_url):
    found = World(
        ledger_url,
        offline_keys=KEYS,
        programme_document=Document("programme", 3, PROGRAMME_TEXT),
    )
    found.h1 = found.till("h1")
    yield found
    found.ledger.close()


def ask(world: World, name: str, version: int = 0, part: int = 0) -> Answer:
    (answer,) = world.take(
        world.h1.ask(AskDocument(ref="q", name=name, version=version, part=part))
    )
    return answer


def pull(world: World, name: str, version: int = 0) -> bytes:
    """Return the whole text of a document whose signature is right."""
    first = ask(world, name, version)
    parts = [first, *[ask(world, name, version, it) for it in range(1, first.parts)]]
    text = b"".join(b64decode(it.text) for it in parts)
    message = f"{name}\n{first.version}\n".encode() + text
    for it in parts:
        assert is_signed(PUBLIC_KEY, "document", message, bytes.fromhex(it.signature))
    return text


def stop(world: World, uid: str, reason: str = "lost") -> None:
    stated = CardStopped(**own_chain.stamp(START_MS), stopped=uid, reason=reason)
    with_own_connection(world, stated)


def allow(world: World, uid: str) -> None:
    with_own_connection(world, CardAllowed(**own_chain.stamp(START_MS), allowed=uid))


def with_own_connection(world: World, stated) -> None:
    ledger = open_ledger(world.path)
    state_as_hub(ledger, [world.programme], stated, START_MS)
    ledger.close()


def test_the_programme_comes_in_parts_that_are_signed_as_a_whole(world):
    first = ask(world, "programme")

    assert first.parts == -(-len(PROGRAMME_TEXT) // PART_MAX_BYTES) == 2
    assert pull(world, "programme") == PROGRAMME_TEXT


def test_who_has_the_newest_is_told_since_when_that_is_so(world):
    answer = ask(world, "programme", version=3)

    assert answer == DocumentIsCurrent(ref="q", name="programme", version=3, as_of_ms=START_MS)


def test_the_list_of_stopped_cards_is_sorted_and_leaves_out_who_is_allowed_again(world):
    for uid in ("04cc", "04aa", "04bb"):
        stop(world, uid)
    stop(world, "04aa", "cloned")
    allow(world, "04bb")

    assert pull(world, "hotlist") == b"04aa cloned\n04cc lost\n"


def test_every_change_of_the_list_is_a_newer_version(world):
    versions = [ask(world, "hotlist").version]
    for change in (lambda: stop(world, UID), lambda: allow(world, UID), lambda: stop(world, UID)):
        change()
        versions.append(ask(world, "hotlist", versions[-1]).version)

    assert versions == sorted(set(versions))
    assert ask(world, "hotlist", versions[-1]).kind == "document_is_current"


def test_a_list_goes_on_rising_after_a_backup_took_the_ledgers_place(world):
    stop(world, UID)
    seen = ask(world, "hotlist").version
    world.ledger.connection.execute("DELETE FROM hotlist")
    world.clock.at_ms += 1

    ledger = open_ledger(world.path)
    stated = CardStopped(**own_chain.stamp(world.clock.at_ms), stopped="04dd", reason="lost")
    state_as_hub(ledger, [world.programme], stated, world.clock.at_ms)
    ledger.close()

    assert ask(world, "hotlist", seen).version > seen


@pytest.mark.parametrize(("name", "part"), [("faces", 0), ("programme", 2)])
def test_there_is_nothing_else(world, name, part):
    assert ask(world, name, part=part).reason == "unknown_document"


def test_a_hub_without_a_key_gives_no_document(ledger_url):
    world = World(ledger_url, programme_document=Document("programme", 3, PROGRAMME_TEXT))
    world.h1 = world.till("h1")

    answers = [ask(world, it) for it in ("programme", "hotlist")]

    assert [it.reason for it in answers if isinstance(it, Refusal)] == ["unknown_document"] * 2
    world.ledger.close()


def test_a_device_puts_together_what_the_hub_cut(world):
    stop(world, UID)
    texts = {}
    for name in ("programme", "hotlist"):
        parts = DocumentParts(name, PUBLIC_KEY)
        while name not in texts:
            text = parts.take(ask(world, name, part=parts.wanted))
            if text is not None:
                texts[name] = text

    assert texts["programme"].encode() == PROGRAMME_TEXT
    assert cards_in(texts["hotlist"]) == {UID}
