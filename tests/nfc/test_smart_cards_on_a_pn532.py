"""DESFire and NTAG 424 DNA through the whole of a PN532: port, frames, blocks."""

import pytest

from device.nfc import commands
from device.nfc.cards.member_card import MemberCard, Outcome, Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.readers.pn532 import Pn532
from simulators.pn532 import Fault
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import reader_on_port
from tests.nfc.smart_cards_on_readers import CHIPS, FIRST_OP, KEYS, MEMBER, OP, TAP_S, chip_of

# What of a usual write may be lost: all but its last command, which closes the session.
COMMANDS_OF_A_WRITE = {"ntag424": 1, "desfire_ev1": 4, "desfire_ev2": 4, "desfire_ev3": 4}


async def issued(reader: Pn532) -> MemberCard:
    seen = await reader.wait_for_card(TAP_S)
    assert seen is not None
    written = await MemberCards(reader, KEYS).personalise(seen, member=MEMBER, op_digest=FIRST_OP)
    assert isinstance(written, Written)
    assert written.card is not None
    return written.card


@pytest.mark.parametrize("kind", CHIPS)
@in_quick_time
async def test_a_card_is_issued_read_and_written(kind):
    async with reader_on_port(chip_of(kind)) as (reader, _):
        card = await issued(reader)
        cards = MemberCards(reader, KEYS)
        before = await cards.wait(TAP_S)
        assert before == card

        written = await cards.write(before, counter=2, op_digest=OP, rewrites=1)

        assert written.outcome is Outcome.DONE
        assert await MemberCards(reader, KEYS).wait(TAP_S) == written.card


@pytest.mark.parametrize("kind", ["ntag424", "desfire_ev1", "desfire_ev3"])
@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.SILENCE, Fault.NO_ACK])
@in_quick_time
async def test_a_hang_at_any_command_of_a_write_is_found_out_on_the_card(kind, fault):
    async with reader_on_port(chip_of(kind)) as (reader, port):
        await issued(reader)
        for after in range(COMMANDS_OF_A_WRITE[kind]):
            cards = MemberCards(reader, KEYS)
            before = await cards.wait(TAP_S)
            port.chip.fail(fault, command=commands.IN_DATA_EXCHANGE, after=after)

            written = await cards.write(
                before, counter=before.counter + 1, op_digest=OP, rewrites=after
            )
            now = await MemberCards(reader, KEYS).wait(TAP_S)

            assert written.card == now
            assert now.counter == before.counter + (written.outcome is Outcome.DONE)
