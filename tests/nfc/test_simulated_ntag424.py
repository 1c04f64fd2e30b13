"""The simulated NTAG 424 DNA: its files, and the URL that proves itself."""

import random

import pytest

from device.nfc import desfire
from device.nfc.cards.smart_card import SmartCard, StatusRefused
from device.nfc.desfire import Mode
from device.nfc.reader import CardGone, CardRefused
from loyalty.aes import decrypt_block, encrypt_block
from loyalty.keys import NTAG424_APPLICATION
from loyalty.sun import prove
from simulators.chip_reader import ChipReader
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.native_dialogue import Status
from simulators.chips.ntag424 import NDEF, PROPRIETARY, Ntag424, ntag424_chip

ZERO_KEY = bytes(16)
SHORT_ID = 4
WHO_AT, MAC_AT = 10, 50
# Mirrored where a file of ours has other bytes, with keys 1 and 4.
SETTINGS = bytes.fromhex("4000e0c1ff41") + b"".join(map(desfire.three, (WHO_AT, MAC_AT, MAC_AT)))


async def on_reader(chip: IsoDepChip) -> SmartCard:
    reader = ChipReader(chip)
    await reader.wait_for_card(1)
    rng = random.Random(3)
    card = SmartCard(reader, lambda: rng.randbytes(16), data_max_bytes=desfire.NTAG_DATA_MAX_BYTES)
    await card.select_by_name(NTAG424_APPLICATION)
    return card


def new_chip() -> tuple[IsoDepChip, Ntag424]:
    chip = ntag424_chip(rng=random.Random(7))
    assert isinstance(chip.applet, Ntag424)
    return chip, chip.applet


async def mirroring() -> tuple[IsoDepChip, Ntag424, SmartCard]:
    chip, applet = new_chip()
    card = await on_reader(chip)
    await card.authenticate(0, ZERO_KEY)
    await card.command(desfire.CHANGE_FILE_SETTINGS, bytes([NDEF]), SETTINGS, Mode.FULL)
    return chip, applet, await on_reader(chip)


def proof_in(file: bytes) -> str:
    return (file[WHO_AT : WHO_AT + 32] + file[MAC_AT : MAC_AT + 16]).decode()


def proved(file: bytes) -> object:
    return prove(proof_in(file), ZERO_KEY, lambda uid: ZERO_KEY, encrypt_block, decrypt_block)


def part(file: int, offset: int, length: int) -> bytes:
    return bytes([file]) + desfire.three(offset) + desfire.three(length)


async def test_a_chip_from_the_factory_mirrors_nothing():
    chip, applet = new_chip()
    card = await on_reader(chip)

    assert await card.read_binary(SHORT_ID, 100) == bytes(100)
    assert applet.read_counter == 0


async def test_every_read_proves_the_card_anew():
    chip, _, card = await mirroring()

    first = await card.read_binary(SHORT_ID, 100)
    second = await (await on_reader(chip)).read_binary(SHORT_ID, 100)

    assert proved(first) == (chip.uid, 1)
    assert proved(second) == (chip.uid, 2)


async def test_reads_that_follow_each_other_say_the_same():
    _, applet, card = await mirroring()

    first = await card.read_binary(SHORT_ID, 100)
    again = await card.read_binary(SHORT_ID, 100)

    assert first == again
    assert applet.read_counter == 1


async def test_who_authenticated_reads_what_really_stands_there():
    _, applet, card = await mirroring()
    await card.authenticate(0, ZERO_KEY)

    data = await card.command(desfire.READ_NTAG_DATA, part(NDEF, 0, 100), mode=Mode.PLAIN)

    assert data == applet.content(NDEF)[:100]
    assert applet.read_counter == 0


async def test_the_read_counter_begins_again_only_where_mirroring_was_off():
    _, applet, card = await mirroring()
    await card.read_binary(SHORT_ID, 100)
    await card.authenticate(0, ZERO_KEY)

    await card.command(desfire.CHANGE_FILE_SETTINGS, bytes([NDEF]), SETTINGS, Mode.FULL)
    still = applet.read_counter
    for settings in (bytes.fromhex("0000e0"), SETTINGS):
        await card.command(desfire.CHANGE_FILE_SETTINGS, bytes([NDEF]), settings, Mode.FULL)

    assert (still, applet.read_counter) == (1, 0)


async def test_settings_tell_whether_the_file_mirrors():
    _, _, card = await mirroring()

    settings = await card.command(desfire.GET_FILE_SETTINGS, bytes([NDEF]))

    assert settings == bytes.fromhex("004000e0000100") + SETTINGS[3:]


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS[:3] + b"\x01" + SETTINGS[4:],  # Not mirrored as text.
        SETTINGS[:-3] + desfire.three(250),  # The MAC would end beyond the file.
        SETTINGS[:-3] + desfire.three(20),  # The MAC would overlap who it is.
        SETTINGS[:5] + b"\xe1" + SETTINGS[6:],  # Not enciphered.
        SETTINGS[:-1],
        b"",
    ],
)
async def test_settings_that_we_never_use_are_refused(settings):
    chip, applet = new_chip()
    card = await on_reader(chip)
    await card.authenticate(0, ZERO_KEY)

    with pytest.raises(StatusRefused):
        await card.command(desfire.CHANGE_FILE_SETTINGS, bytes([NDEF]), settings, Mode.FULL)

    assert applet.sdm is None


async def test_the_proprietary_file_opens_with_its_keys_only():
    chip, _ = new_chip()
    card = await on_reader(chip)

    with pytest.raises(StatusRefused) as raised:
        await card.command(desfire.READ_NTAG_DATA, part(PROPRIETARY, 0, 16))
    await card.authenticate(3, ZERO_KEY)
    data = await card.command(desfire.READ_NTAG_DATA, part(PROPRIETARY, 0, 16), mode=Mode.FULL)

    assert raised.value.status == Status.PERMISSION_DENIED
    assert data == b"\x00\x7e".ljust(16, b"\0")


async def test_without_its_application_nothing_opens():
    chip, _ = new_chip()
    reader = ChipReader(chip)
    await reader.wait_for_card(1)
    card = SmartCard(reader, lambda: ZERO_KEY, data_max_bytes=desfire.NTAG_DATA_MAX_BYTES)

    with pytest.raises(CardRefused):
        await card.authenticate(0, ZERO_KEY)
    with pytest.raises(CardRefused):
        await card.read_binary(SHORT_ID, 16)
    with pytest.raises(CardRefused):
        await card.select_by_name(b"another")


@pytest.mark.parametrize("cut", range(5))
async def test_the_read_counter_never_falls_where_power_fails(cut):
    chip, applet, card = await mirroring()
    await card.read_binary(SHORT_ID, 100)
    card = await on_reader(chip)
    chip.nvm.bytes_until_power_loss = cut

    try:
        await card.read_binary(SHORT_ID, 100)
    except CardGone:
        chip.leave_field()

    assert applet.read_counter == (2 if cut >= 3 else 1)
