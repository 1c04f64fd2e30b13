"""A PC/SC reader: MIFARE commands in its words, cards as another reader would see them."""

import asyncio
import random

import pytest

from device.errors import LinkLost
from device.nfc import classic
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, CardSeen, ReaderSilent
from device.nfc.readers import pcsc_commands
from device.nfc.readers.pcsc import PcscReader
from device.nfc.readers.pcsc_commands import MifareCommands, answer_of, card_of, direct_answer_of
from simulators.chips.classic import blank_chip, written_chip
from simulators.chips.desfire import desfire_chip
from simulators.chips.ultralight import UltralightChip
from simulators.pcsc import ACR122U, SimulatedPcsc
from tests.nfc.reader_on_a_port import TAP_S, UID_4, UID_7, classic_on

KEY = bytes.fromhex("a0a1a2a3a4a5")


async def opened(*chips, name: str = ACR122U) -> tuple[PcscReader, SimulatedPcsc]:
    port = SimulatedPcsc(*chips, name=name)
    reader = PcscReader(name[:11], port)
    await reader.open()
    return reader, port


@pytest.mark.parametrize(
    ("said", "transmitted"),
    [
        (
            classic.authenticate(4, KEY, UID_4),
            ["ff82000006a0a1a2a3a4a5", "ff860000050100046000"],
        ),
        (
            classic.authenticate(9, KEY, UID_4, key_b=True),
            ["ff82000006a0a1a2a3a4a5", "ff860000050100096100"],
        ),
        (classic.read(4), ["ffb0000410"]),
        (classic.write(5, b"sixteen bytes it"), ["ffd6000510" + b"sixteen bytes it".hex()]),
        (bytes.fromhex("a20601020304"), ["ffd600060401020304"]),
    ],
)
def test_a_mifare_command_becomes_commands_of_the_reader(said, transmitted):
    found = MifareCommands().translate(said)

    assert [it.hex() for it in found] == transmitted


@pytest.mark.parametrize(
    ("load", "block", "transmitted"),
    [
        (classic.increment(6, 100), 6, "ffd70006050100000064"),
        (classic.decrement(6, 0x01020304), 6, "ffd70006050201020304"),
        (classic.restore(6), 5, "ffd70006020305"),
    ],
)
def test_a_value_operation_goes_out_with_its_transfer(load, block, transmitted):
    mifare = MifareCommands()

    first, second = mifare.translate(load), mifare.translate(classic.transfer(block))

    assert first == []
    assert [it.hex() for it in second] == [transmitted]


def test_what_pc_sc_cannot_do_is_refused():
    mifare = MifareCommands()

    with pytest.raises(CardRefused, match="no command for 0x39"):
        mifare.translate(bytes.fromhex("3900"))
    with pytest.raises(CardRefused, match="no command for 0xb0"):
        mifare.translate(classic.transfer(6))
    mifare.translate(classic.increment(6, 1))
    with pytest.raises(CardRefused, match="PC/SC counts within one block"):
        mifare.translate(classic.transfer(5))


def test_a_loaded_value_is_forgotten_by_any_other_command():
    mifare = MifareCommands()
    mifare.translate(classic.increment(6, 1))
    mifare.translate(classic.read(6))

    with pytest.raises(CardRefused):
        mifare.translate(classic.transfer(6))


@pytest.mark.parametrize(
    ("response", "error"),
    [("6300", CardRefused), ("6a81", CardRefused), ("6401", CardGone), ("90", ReaderSilent)],
)
def test_what_a_reader_says_is_told_apart(response, error):
    with pytest.raises(error):
        answer_of(bytes.fromhex(response))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ("d543029000", CardRefused),
        ("d543019000", CardGone),
        ("d5439000", ReaderSilent),
        ("d541009000", ReaderSilent),
        ("6300", CardRefused),
    ],
)
def test_what_the_pn532_inside_says_is_told_apart(response, error):
    with pytest.raises(error):
        direct_answer_of(bytes.fromhex(response))

    assert direct_answer_of(bytes.fromhex("d543000401029000")) == b"\x04\x01\x02"


@pytest.mark.parametrize(
    ("atr", "uid", "seen"),
    [
        (
            "3b8f8001804f0ca000000306030001000000006a",
            UID_4,
            CardSeen(uid=UID_4, atqa=b"\x00\x04", sak=0x08),
        ),
        (
            "3b8f8001804f0ca0000003060300020000000069",
            UID_7,
            CardSeen(uid=UID_7, atqa=b"\x00\x42", sak=0x18),
        ),
        (
            "3b8f8001804f0ca0000003060300030000000068",
            UID_7,
            CardSeen(uid=UID_7, atqa=b"\x00\x44", sak=0x00),
        ),
        (
            "3b8f8001804f0ca0000003060300990000000000",
            UID_4,
            CardSeen(uid=UID_4, atqa=b"\x00\x00", sak=0xFF),
        ),
    ],
)
def test_a_card_without_14443_4_is_known_by_its_atr(atr, uid, seen):
    assert card_of(bytes.fromhex(atr), uid, b"") == seen


@pytest.mark.parametrize(
    ("told", "ats"), [("0675778102 80", "067577810280"), ("80", "030080"), ("", "0200")]
)
def test_a_card_of_14443_4_has_an_ats_even_if_the_reader_tells_half_of_it(told, ats):
    seen = card_of(bytes.fromhex("3b8180018080"), UID_7, bytes.fromhex(told))

    assert (seen.sak, seen.ats) == (0x20, bytes.fromhex(ats))


async def test_a_card_is_seen_read_written_and_counted():
    reader, _ = await opened(written_chip())
    seen = await reader.wait_for_card(TAP_S)
    card = classic_on(reader)
    await card.authenticate(4, classic.TRANSPORT_KEY)
    await card.write_block(5, b"sixteen bytes it")
    await card.write_block(6, classic.pack_value(100, 6))

    await reader.exchange(classic.decrement(6, 30))
    await reader.exchange(classic.transfer(6))

    assert seen == CardSeen(uid=UID_4, atqa=b"\x00\x04", sak=8)
    assert await card.read_block(5) == b"sixteen bytes it"
    assert classic.unpack_value(await card.read_block(6)) == (70, 6)
    await reader.close()


async def test_a_card_of_14443_4_is_seen_by_a_reader_that_tells_no_ats():
    chip = desfire_chip(rng=random.Random(1))
    reader, port = await opened(chip)
    port.tells_ats = False

    seen = await reader.wait_for_card(TAP_S)
    answer = await reader.exchange(bytes.fromhex("9060000000"))
    await reader.close()

    assert (seen.uid, bool(seen.ats)) == (chip.uid, True)
    assert answer.endswith(b"\x91\xaf")


async def test_a_card_that_comes_while_we_wait_is_seen():
    reader, port = await opened()
    waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
    await asyncio.sleep(0)

    port.place(blank_chip())

    assert (await waiting).uid == UID_4
    await reader.close()


async def test_a_cancelled_wait_leaves_the_reader_usable():
    reader, port = await opened()
    waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])

    port.place(blank_chip())

    assert await reader.wait_for_card(TAP_S) is not None
    await reader.close()


async def test_a_wrong_key_is_told_from_a_card_that_left():
    reader, port = await opened(written_chip())
    await reader.wait_for_card(TAP_S)

    with pytest.raises(AuthenticationFailed):
        await classic_on(reader).authenticate(4, bytes(6))
    await reader.reselect()
    await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
    port.remove()

    with pytest.raises(CardGone):
        await classic_on(reader).read_block(4)
    with pytest.raises(CardGone):
        await reader.reselect()
    await reader.close()


async def test_a_reader_without_a_pn532_refuses_raw_frames():
    reader, _ = await opened(UltralightChip("ntag213"), name="Identiv uTrust 3700 F")
    await reader.wait_for_card(TAP_S)

    with pytest.raises(CardRefused, match="carries no raw frames"):
        await reader.exchange_raw(b"\x60")
    await reader.close()


async def test_an_unplugged_reader_is_lost_and_opens_again():
    reader, port = await opened()
    port.is_plugged_in = False
    with pytest.raises(LinkLost):
        await reader.wait_for_card(0)
    with pytest.raises(LinkLost):
        await reader.open()

    port.is_plugged_in = True
    await reader.open()

    assert await reader.wait_for_card(0) is None
    await reader.close()


async def test_a_reader_of_another_name_is_not_taken():
    reader = PcscReader("OMNIKEY", SimulatedPcsc())

    with pytest.raises(LinkLost, match=r"readers found: ACS ACR122U .*; wanted .* 'OMNIKEY'"):
        await reader.open()


def test_the_words_of_the_specification():
    assert pcsc_commands.GET_UID.hex() == "ffca000000"
    assert pcsc_commands.direct(b"\x60").hex() == "ff00000003d44260"
