"""Leases on DESFire cards: carried, spent and closed, with the keys that each of these takes."""

from dataclasses import replace

import pytest

from device.nfc import desfire
from device.nfc.cards import desfire_layout as places
from device.nfc.cards.card_lease import NO_LEASE, CardLease
from device.nfc.cards.desfire_layout import APPLICATION, CREDIT, LOOK, MASTER, SPEND
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import MemberCard, Outcome, WrongKey
from device.nfc.cards.member_cards import MemberCards
from device.nfc.cards.smart_card import SmartCard
from device.nfc.reader import AuthenticationFailed, CardRefused
from loyalty.card_kinds import PROFILES, Trust
from simulators.chip_reader import ChipReader
from simulators.chips.desfire import Desfire
from simulators.chips.iso_dep import IsoDepChip
from tests.nfc.smart_cards_on_readers import (
    CHIPS,
    FIRST_OP,
    KEYS,
    MEMBER,
    OP,
    TAP_S,
    chip_of,
    issue,
    seen,
)

DESFIRES = [kind for kind in CHIPS if kind.startswith("desfire")]
CERTIFICATE = bytes(range(96))
LEASE = CardLease(certificate=CERTIFICATE, left_points=300)
TERMINAL_KEYS = replace(KEYS, credit_master=None)
LIMITED_CREDIT = 0x1C


def credit_key_of(chip: IsoDepChip) -> bytes:
    issuer = KEYS.issuer_of(chip.uid, APPLICATION)
    assert issuer is not None
    return issuer.credit


async def issued(kind: str) -> tuple[ChipReader, IsoDepChip]:
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    return reader, chip


async def tap(reader: ChipReader) -> MemberCard:
    card = await MemberCards(reader, TERMINAL_KEYS, with_leases=True).wait(TAP_S)
    assert isinstance(card, MemberCard)
    return card


async def write_lease(reader: ChipReader, lease: CardLease, credit_key: bytes = b"") -> Outcome:
    """Read the card and let its next write make `lease` what it carries."""
    cards = MemberCards(reader, TERMINAL_KEYS, with_leases=True)
    card = await cards.wait(TAP_S)
    assert isinstance(card, MemberCard)
    written = await cards.write(
        card,
        counter=card.counter + 1,
        op_digest=OP,
        rewrites=0,
        lease=lease,
        credit_key=credit_key,
    )
    return written.outcome


async def opened(reader: ChipReader, kind: str, number: int) -> SmartCard:
    """Return the card, opened with key `number` of those that terminals have."""
    await reader.wait_for_card(TAP_S)
    card = SmartCard(reader, KEYS.challenge, data_max_bytes=desfire.DESFIRE_DATA_MAX_BYTES)
    await card.select(APPLICATION)
    key = TERMINAL_KEYS.of_application(reader.field[0].uid, APPLICATION, number)
    await card.authenticate(number, key, ev1=kind == "desfire_ev1")
    return card


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_new_card_carries_nothing(kind):
    reader, _ = await issued(kind)

    assert (await tap(reader)).lease == NO_LEASE


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_lease_is_carried_spent_and_closed_each_with_the_record(kind):
    reader, chip = await issued(kind)
    spent = replace(LEASE, left_points=180)

    steps = [(LEASE, credit_key_of(chip)), (spent, b""), (NO_LEASE, b"")]
    for count, (lease, credit_key) in enumerate(steps, start=2):
        outcome = await write_lease(reader, lease, credit_key)
        card = await tap(reader)

        assert outcome is Outcome.DONE
        assert (card.lease, card.counter, card.op_digest) == (lease, count, OP)


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_lease_is_carried_although_the_session_was_lost(kind):
    reader, chip = await issued(kind)
    cards = MemberCards(reader, TERMINAL_KEYS, with_leases=True)
    card = await cards.wait(TAP_S)
    await reader.reselect()

    written = await cards.write(
        card,
        counter=2,
        op_digest=OP,
        rewrites=0,
        lease=LEASE,
        credit_key=credit_key_of(chip),
    )

    assert written.outcome is Outcome.DONE
    assert await tap(reader) == written.card


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_write_that_is_not_about_a_lease_leaves_it_as_it_is(kind):
    reader, chip = await issued(kind)
    await write_lease(reader, LEASE, credit_key_of(chip))
    cards = MemberCards(reader, TERMINAL_KEYS, with_leases=True)
    card = await cards.wait(TAP_S)

    written = await cards.write(card, counter=3, op_digest=OP, rewrites=4)

    assert written.card == await tap(reader)
    assert written.card.lease == LEASE


@pytest.mark.parametrize("kind", DESFIRES)
async def test_the_credit_key_of_another_card_changes_nothing(kind):
    reader, _ = await issued(kind)
    before = await tap(reader)

    outcome = await write_lease(reader, LEASE, bytes(16))

    assert outcome is Outcome.TORN
    assert await tap(reader) == before


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_stolen_terminal_cannot_count_up_what_a_card_may_spend(kind):
    reader, chip = await issued(kind)
    await write_lease(reader, LEASE, credit_key_of(chip))

    assert await write_lease(reader, replace(LEASE, left_points=301)) is Outcome.TORN
    for code in (desfire.CREDIT, LIMITED_CREDIT):
        card = await opened(reader, kind, SPEND)
        with pytest.raises(CardRefused):
            await card.command(code, bytes([places.LEASE_FILE]), places.amount(1))
    assert (await tap(reader)).lease == LEASE


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_stolen_terminal_cannot_give_back_what_it_has_debited(kind):
    reader, chip = await issued(kind)
    await write_lease(reader, LEASE, credit_key_of(chip))
    await write_lease(reader, replace(LEASE, left_points=100))
    card = await opened(reader, kind, SPEND)

    with pytest.raises(CardRefused):
        await card.command(LIMITED_CREDIT, bytes([places.LEASE_FILE]), places.amount(1))

    assert (await tap(reader)).lease == replace(LEASE, left_points=100)


@pytest.mark.parametrize("kind", DESFIRES)
@pytest.mark.parametrize("number", [MASTER, CREDIT])
async def test_a_stolen_terminal_has_no_key_of_the_issuer(kind, number):
    reader, _ = await issued(kind)

    with pytest.raises(AuthenticationFailed):
        await opened(reader, kind, number)


@pytest.mark.parametrize("kind", DESFIRES)
async def test_the_key_to_look_with_reads_a_certificate_and_spends_nothing(kind):
    reader, chip = await issued(kind)
    await write_lease(reader, LEASE, credit_key_of(chip))
    card = await opened(reader, kind, LOOK)

    header = places.section(places.CERTIFICATE_FILE, len(CERTIFICATE))
    read = await card.command(desfire.READ_DATA, header)

    assert read == CERTIFICATE
    with pytest.raises(CardRefused):
        await card.command(desfire.DEBIT, bytes([places.LEASE_FILE]), places.amount(1))


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_terminal_makes_a_blank_card_ours_with_the_keys_that_it_is_given(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await reader.wait_for_card(TAP_S)
    cards = MemberCards(reader, TERMINAL_KEYS)
    issuer = KEYS.issuer_of(chip.uid, APPLICATION)

    with pytest.raises(ValueError, match="issuer"):
        await cards.personalise(seen(chip), member=MEMBER, op_digest=FIRST_OP)
    written = await cards.personalise(seen(chip), member=MEMBER, op_digest=FIRST_OP, issuer=issuer)

    assert written.outcome is Outcome.DONE
    assert await write_lease(reader, LEASE, credit_key_of(chip)) is Outcome.DONE


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_terminal_cannot_wipe_a_card(kind):
    reader, chip = await issued(kind)
    before = await tap(reader)
    store = await store_for(reader, TERMINAL_KEYS, seen(chip))
    assert store is not None

    refused = await store.wipe(seen(chip))

    assert refused == WrongKey(chip.uid)
    assert await tap(reader) == before


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_card_from_before_there_were_leases_is_written_and_carries_none(kind):
    reader, chip = await issued(kind)
    assert isinstance(chip.applet, Desfire)
    files = chip.applet.applications[int.from_bytes(APPLICATION, "little")].files
    del files[places.LEASE_FILE], files[places.CERTIFICATE_FILE]
    cards = MemberCards(reader, TERMINAL_KEYS, with_leases=True)
    card = await cards.wait(TAP_S)

    written = await cards.write(card, counter=2, op_digest=OP, rewrites=0)

    assert card.lease is None
    assert written.outcome is Outcome.DONE
    assert await tap(reader) == written.card


def test_no_kind_but_those_that_cannot_be_copied_carries_a_lease():
    assert {it.kind for it in PROFILES.values() if it.trust is Trust.LEASE} == set(DESFIRES)
