"""Our record on DESFire and NTAG 424 DNA: what cards state, why not, and how long it takes."""

import random

import pytest

from device.nfc import desfire
from device.nfc.cards import desfire_layout, ntag424_layout
from device.nfc.cards.member_card import (
    BadSeal,
    Blank,
    Copied,
    Foreign,
    MemberCard,
    Outcome,
    RolledBack,
    WrongKey,
)
from device.nfc.cards.member_cards import MemberCards
from device.nfc.cards.smart_card import SmartCard
from device.nfc.desfire import Mode
from device.nfc.reader import AuthenticationFailed, CardRefused
from loyalty.keys import NTAG424_APPLICATION
from loyalty.sun import PROOF_DIGITS
from simulators.chip_reader import ChipReader
from simulators.chips.desfire import Desfire
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.native_files import read
from simulators.chips.ntag424 import Ntag424
from simulators.chips.other import OtherChip
from tests.nfc.smart_cards_on_readers import (
    CHIPS,
    FIRST_OP,
    KEYS,
    MEMBER,
    OP,
    OTHER_KEYS,
    TAP_S,
    advance,
    chip_of,
    issue,
    tap,
)

DESFIRES = [kind for kind in CHIPS if kind.startswith("desfire")]

TAP_BUDGET_MS = 150  # for a whole visit of a card to the antenna, with its write
UART_BAUD = 115_200
EXCHANGE_FRAME_BYTES = 26  # Two PN532 frames around the data, and the acknowledgement.
SEARCH_S = 0.0066  # Measured for a card without ISO/IEC 14443-4; its activation comes on top.


class TimedReader(ChipReader):
    """A reader that adds up what a PN532 at 115200 baud and the air would have taken."""

    def __init__(self, chip: IsoDepChip) -> None:
        super().__init__(chip)
        self.took_s = 0.0

    async def exchange(self, data: bytes) -> bytes:
        answer = await super().exchange(data)
        assert self._iso_dep is not None
        uart_bytes = EXCHANGE_FRAME_BYTES + len(data) + len(answer)
        self.took_s += uart_bytes * 10 / UART_BAUD + self._iso_dep.took_s
        return answer


def file_cells(chip: IsoDepChip) -> tuple[int, int]:
    """Return where the record stands in the memory of a DESFire of ours, and its length."""
    assert isinstance(chip.applet, Desfire)
    number = int.from_bytes(desfire_layout.APPLICATION, "little")
    file = chip.applet.applications[number].files[desfire_layout.RECORD_FILE]
    return file.at, file.size_bytes


@pytest.mark.parametrize("kind", CHIPS)
async def test_an_issued_card_states_its_member(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)

    card = await issue(reader, chip)

    assert card == await tap(reader)
    assert card == MemberCard(
        uid=chip.uid,
        kind=kind,
        member=MEMBER,
        counter=1,
        slot=0,
        rewrites=0,
        op_digest=FIRST_OP,
        torn=False,
    )


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_card_from_the_factory_is_blank(kind):
    chip = chip_of(kind)

    assert await tap(ChipReader(chip)) == Blank(chip.uid)


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_card_of_another_programme_opens_with_no_key_of_ours(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)

    assert await tap(reader, OTHER_KEYS) == WrongKey(chip.uid)


@pytest.mark.parametrize("kind", CHIPS)
async def test_factory_keys_open_nothing_of_ours(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)

    for number in range(4) if kind in DESFIRES else range(5):
        card = await opened(reader, kind)
        with pytest.raises(AuthenticationFailed):
            await card.authenticate(number, desfire.FACTORY_KEY, ev1=kind == "desfire_ev1")


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_desfire_in_somebody_elses_use_is_left_alone(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    card = await opened(reader, kind, select=False)
    await card.command(desfire.CREATE_APPLICATION, b"BUS\x0f\x81")

    found = await tap(reader)
    refused = await MemberCards(reader, KEYS).personalise(
        await reader.wait_for_card(TAP_S), member=MEMBER, op_digest=FIRST_OP
    )

    assert (found, refused) == (Foreign(chip.uid), Foreign(chip.uid))


@pytest.mark.parametrize("chip", [OtherChip(bytes(7)), OtherChip(b"\x08\x01\x02\x03")])
async def test_a_chip_that_only_claims_to_be_smart_is_foreign(chip):
    assert await tap(ChipReader(chip)) == Foreign(chip.uid)


@pytest.mark.parametrize("kind", DESFIRES)
async def test_a_record_that_was_altered_has_a_bad_seal(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    at, _ = file_cells(chip)

    chip.nvm.cells[at + 3] ^= 1

    assert await tap(reader) == BadSeal(chip.uid)


async def test_a_record_that_was_altered_on_an_ntag_has_a_bad_seal():
    chip = chip_of("ntag424")
    reader = ChipReader(chip)
    await issue(reader, chip)
    assert isinstance(chip.applet, Ntag424)

    chip.nvm.cells[chip.applet.files[ntag424_layout.RECORD_FILE].at] ^= 1

    assert await tap(reader) == BadSeal(chip.uid)


@pytest.mark.parametrize("kind", DESFIRES)
@pytest.mark.parametrize(("back", "refusal"), [(True, RolledBack), (False, Copied)])
async def test_a_record_of_another_time_than_the_counter_is_refused(kind, back, refusal):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    at, size = file_cells(chip)
    record, whole = bytes(chip.nvm.cells[at : at + size]), bytes(chip.nvm.cells)

    await advance(reader)
    if back:
        chip.nvm.cells[at : at + size] = record
    else:
        newer = bytes(chip.nvm.cells[at : at + size])
        chip.nvm.cells[:] = whole
        chip.nvm.cells[at : at + size] = newer

    assert await tap(reader) == refusal(chip.uid)


@pytest.mark.parametrize("kind", DESFIRES)
async def test_the_counter_goes_down_for_nobody_who_taps(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    number = desfire_layout.SPEND
    card = await opened(reader, kind)
    key = desfire_layout.key_of(KEYS, chip.uid, number)
    await card.authenticate(number, key, ev1=kind == "desfire_ev1")

    with pytest.raises(CardRefused):
        await card.command(0x0C, bytes([desfire_layout.COUNTER_FILE]), desfire_layout.amount(1))


@pytest.mark.parametrize("kind", DESFIRES)
async def test_the_key_to_look_with_reads_and_does_not_write(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    header = desfire_layout.section(desfire_layout.RECORD_FILE, 48)
    card = await opened(reader, kind)
    key = desfire_layout.key_of(KEYS, chip.uid, desfire_layout.LOOK)
    await card.authenticate(desfire_layout.LOOK, key, ev1=kind == "desfire_ev1")

    data = await card.command(desfire.READ_DATA, header)
    at, size = file_cells(chip)

    assert data == bytes(chip.nvm.cells[at : at + size])
    with pytest.raises(CardRefused):
        await card.command(desfire.WRITE_DATA, header, bytes(48))


async def test_the_key_to_look_with_reads_and_does_not_write_on_an_ntag():
    chip = chip_of("ntag424")
    reader = ChipReader(chip)
    await issue(reader, chip)
    header = ntag424_layout.section(ntag424_layout.RECORD_FILE, 0, 48)
    card = await opened(reader, "ntag424")
    key = ntag424_layout.key_of(KEYS, chip.uid, ntag424_layout.LOOK)
    await card.authenticate(ntag424_layout.LOOK, key)

    data = await card.command(desfire.READ_NTAG_DATA, header, mode=Mode.FULL)

    assert isinstance(chip.applet, Ntag424)
    file = chip.applet.files[ntag424_layout.RECORD_FILE]
    assert data == read(chip.nvm, file)[:48]
    with pytest.raises(CardRefused):
        await card.command(desfire.WRITE_NTAG_DATA, header, bytes(48), mode=Mode.FULL)


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_write_finds_its_session_again_after_the_card_was_selected_anew(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    cards = MemberCards(reader, KEYS)
    card = await cards.wait(TAP_S)
    await reader.reselect()

    written = await cards.write(card, counter=2, op_digest=OP, rewrites=1)

    assert written.outcome is Outcome.DONE
    assert await tap(reader) == written.card


@pytest.mark.parametrize("kind", CHIPS)
async def test_no_session_is_left_open_after_a_write(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)

    await advance(reader)

    assert chip.applet.dialogue.session is None


async def test_only_a_card_with_a_url_brings_a_proof():
    proofs = {}
    for kind in CHIPS:
        chip = chip_of(kind)
        reader = ChipReader(chip)
        await issue(reader, chip)
        proofs[kind] = len((await tap(reader)).proof)

    assert proofs == {it: PROOF_DIGITS if it == "ntag424" else 0 for it in CHIPS}


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_read_takes_six_commands_and_a_write_few_more(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    reader.commands = 0

    await advance(reader)

    assert reader.commands == (8 if kind == "ntag424" else 11)


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_visit_with_its_write_keeps_to_the_budget(kind):
    chip = chip_of(kind)
    await issue(ChipReader(chip), chip)
    reader = TimedReader(chip)

    await advance(reader)

    assert 1000 * (SEARCH_S + reader.took_s) <= TAP_BUDGET_MS


async def opened(reader: ChipReader, kind: str, *, select: bool = True) -> SmartCard:
    """Return the card on the reader, selected anew with our application."""
    await reader.wait_for_card(TAP_S)
    ntag = kind == "ntag424"
    room = desfire.NTAG_DATA_MAX_BYTES if ntag else desfire.DESFIRE_DATA_MAX_BYTES
    card = SmartCard(reader, lambda: random.Random(5).randbytes(16), data_max_bytes=room)
    if select and ntag:
        await card.select_by_name(NTAG424_APPLICATION)
    elif select:
        await card.select(desfire_layout.APPLICATION)
    return card


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_card_is_known_again_without_being_selected_anew(kind):
    chip = chip_of(kind)
    reader = ChipReader(chip)
    seen_now = await reader.wait_for_card(TAP_S)
    cards = MemberCards(reader, KEYS)

    blank = await cards.read(seen_now)
    await cards.personalise(seen_now, member=MEMBER, op_digest=FIRST_OP)
    read_twice = [await cards.read(seen_now) for _ in range(2)]

    assert blank == Blank(chip.uid)
    assert [it.member for it in read_twice] == [MEMBER, MEMBER]
