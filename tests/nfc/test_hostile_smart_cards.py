"""Cards that answer whatever they like: only a refusal or a device's own error comes of it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import desfire
from device.nfc.cards.desfire_record import DesfireRecord
from device.nfc.cards.member_card import MemberCard
from device.nfc.cards.ntag424_record import Ntag424Record
from device.nfc.cards.record_store import RecordStore
from device.nfc.cards.smart_card import SmartCard
from device.nfc.reader import CardGone, CardSeen, DeviceError
from loyalty.card import Slot
from simulators.chip_reader import ChipReader
from tests.nfc.smart_cards_on_readers import CHIPS, KEYS, MEMBER, chip_of, issue, seen

SLOT = Slot(1, MEMBER, bytes(12), 0)
SEEN = CardSeen(uid=bytes(7), atqa=b"\x03\x44", sak=0x20, ats=b"\x06\x75\x77\x81\x02\x80")
CARD = MemberCard(
    uid=bytes(7),
    kind="ntag424",
    member=MEMBER,
    counter=1,
    slot=0,
    rewrites=0,
    op_digest=bytes(12),
    torn=False,
)
ENDINGS = st.sampled_from([b"", b"\x91\x00", b"\x91\xaf", b"\x91\xae", b"\x91\xa0", b"\x90\x00"])
ANSWERS = st.builds(lambda data, end: data + end, st.binary(max_size=130), ENDINGS)


class Talker(ChipReader):
    """A card that gives the answers it was told, and then none of them any more."""

    def __init__(self, answers: list[bytes]) -> None:
        super().__init__()
        self._answers = answers

    async def exchange(self, data: bytes) -> bytes:
        return self._answers.pop(0) if self._answers else b"\x91\x1c"


class Liar(ChipReader):
    """A reader whose card says one thing differently: answer `at` has bit `bit` turned over."""

    at, bit, heard = 0, 0, 0

    async def exchange(self, data: bytes) -> bytes:
        answer = bytearray(await super().exchange(data))
        if self.heard == self.at and answer:
            place = self.bit % (8 * len(answer))
            answer[place // 8] ^= 1 << place % 8
        self.heard += 1
        return bytes(answer)


def stores(reader: ChipReader) -> list[RecordStore]:
    return [
        Ntag424Record(reader, KEYS),
        *(DesfireRecord(reader, KEYS, kind) for kind in ("desfire_ev1", "desfire_ev3")),
    ]


@given(st.lists(ANSWERS, max_size=14), st.sampled_from(["read", "write", "personalise", "wipe"]))
def test_no_answers_end_in_anything_but_a_refusal_or_a_device_error(answers, deed):
    for at in range(3):
        store = stores(Talker(list(answers)))[at]
        deeds = {
            "read": lambda it=store: it.read(SEEN),
            "write": lambda it=store: it.write(CARD, SLOT),
            "personalise": lambda it=store: it.personalise(SEEN, SLOT),
            "wipe": lambda it=store: it.wipe(SEEN),
        }
        try:
            found = asyncio.run(deeds[deed]())
        except DeviceError:
            continue

        assert not isinstance(found, MemberCard)
        assert found is not True


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([bytes(59) + b"\x91\xaf"] * 17, "more than 256 bytes"),
        ([b"\x91\xaf"] * 18, "more than 16 frames"),
    ],
)
def test_an_answer_without_end_is_cut_off(answers, words):
    card = SmartCard(Talker(list(answers)), KEYS.challenge, data_max_bytes=55)

    with pytest.raises(CardGone, match=words):
        asyncio.run(card.command(desfire.GET_FILE_IDS))


@given(st.sampled_from(list(CHIPS)), st.integers(0, 7), st.integers(0, 8 * 130))
def test_a_card_that_lies_in_one_bit_never_states_anything_else(kind, at, bit):
    asyncio.run(lies(kind, at, bit))


async def lies(kind: str, at: int, bit: int) -> None:
    chip = chip_of(kind)
    honest = await issue(ChipReader(chip), chip)
    reader = Liar(chip)
    reader.at, reader.bit = at, bit
    await reader.wait_for_card(1)
    store = Ntag424Record(reader, KEYS) if kind == "ntag424" else DesfireRecord(reader, KEYS, kind)
    try:
        found = await store.read(seen(chip))
    except DeviceError:
        return

    assert found == honest or not isinstance(found, MemberCard)
