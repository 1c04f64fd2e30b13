"""A power cut at every write of a card, and at every write and flush of the journal around it.

One visit is played by a whole terminal before simulated hardware, its journal on a recorded disk.
Then the power fails everywhere in it. Whatever is left of journal and card, the next start states
each number that the card's counter shows, so that the hub waits for nothing.
"""

import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from device.behaviour.card import Card
from device.behaviour.events import Booted, CardRead
from device.behaviour.setting import Now
from device.nfc.classic import BLOCK_BYTES, WRITE
from device.records.journal import Journal
from device.records.recovery import recover
from device.tap import Tap
from device.terminal_parts import setting_of
from loyalty.asks import AskAccount
from loyalty.programme import parse
from loyalty.records import Sale
from simulators.chip_reader import ChipReader
from simulators.chips.classic import ClassicChip
from simulators.plastic import PlasticCard
from simulators.power_cut import images_after_cuts
from simulators.power_recorder import Recorder, lay_out
from simulators.script_clock import ScriptClock
from tests.device.hub_at_hand import issued
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import PROGRAMME as SUPERMARKET
from tests.device.terminal_world import (
    START_MS,
    STORE,
    TERMINAL_KEYS,
    Terminal,
    hardware_in,
    terminal_on,
)
from tests.hub.hub_world import World, sale

PROGRAMME = parse(SUPERMARKET.read_text(), source=SUPERMARKET.name)
SETTING = setting_of(PROGRAMME, STORE)
MEMBER = "m-1001"
IMAGES_OF_EACH_CUT = 3
AFTER_THE_CUT = Now(at_ms=START_MS + 60_000, mono_ms=1, boot=2, hub_ms=0)


class NotedChip(ClassicChip):
    """A chip that notes what it holds in the middle of each write and after it, and when."""

    def __init__(self, moment: Callable[[], int]) -> None:
        super().__init__()
        self._moment = moment
        self._noted: list[tuple[int, bytes]] = []

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        before = bytes(self.nvm.cells)
        answer = super().exchange(data)
        if data[0] == WRITE:
            after, middle = bytes(self.nvm.cells), data[1] * BLOCK_BYTES + BLOCK_BYTES // 2
            torn = after[:middle] + before[middle:]
            self._noted += [(self._moment(), torn), (self._moment(), after)]
        return answer

    def left_by_a_cut(self, moment: int) -> list[bytes]:
        """Return all that the chip may hold if the power failed at `moment`."""
        earlier = [cells for at, cells in self._noted if at < moment][-1:]
        return earlier + [cells for at, cells in self._noted if at == moment]


class Lived(NamedTuple):
    """What happened to the disk and the chip, and how much of it before the card came."""

    recorder: Recorder
    chip: NotedChip
    before: int


class Left(NamedTuple):
    """What a cut left, and what the terminal's next start made of it."""

    lines: tuple[bytes, ...]
    card: Card


async def print_face(kiosk: Terminal, card: PlasticCard) -> None:
    await kiosk.insert(card)
    await kiosk.see("account")
    await kiosk.choose("print")
    await kiosk.card_at_gate()


async def sell(handheld: Terminal, card: PlasticCard) -> None:
    await handheld.key_sale()
    await handheld.see("tap_card")
    handheld.hold(card.chip)
    await handheld.see("sold")


Visit = Callable[[Terminal, PlasticCard], Awaitable[None]]
VISITS: dict[str, Visit] = {"kiosk": print_face, "handheld": sell}


async def lived_at(kind: str, folder: Path) -> Lived:
    """Live through a visit at a terminal of `kind`."""
    recorder = Recorder(f"visit-{kind}")
    chip = NotedChip(lambda: len(recorder.happenings))
    async with hardware_in(folder) as hardware:
        card = await hardware.issued_card(chip=chip)
        async with terminal_on(hardware, folder, kind=kind, connect=recorder.connect) as terminal:
            before = len(recorder.happenings)
            await VISITS[kind](terminal, card)
    recorder.close()
    return Lived(recorder, chip, before)


async def all_left(lived: Lived, folder: Path, *, recovers: bool) -> set[Left]:
    """Return what is there once the terminal has started again, for every cut of the visit."""
    found = set()
    chance = random.Random(1)
    for moment, image in images_after_cuts(
        lived.recorder.happenings, chance, each=IMAGES_OF_EACH_CUT
    ):
        if moment < lived.before:
            continue
        lay_out(image, folder)
        lines = lines_after_a_start(folder / "journal.db", recovers=recovers)
        for cells in lived.chip.left_by_a_cut(moment):
            found.add(Left(lines, await card_of(lived.chip.uid, cells)))
    return found


def lines_after_a_start(path: Path, *, recovers: bool) -> tuple[bytes, ...]:
    journal = Journal.open(path, epoch_of_new="e1")
    booted = Booted(tuple(journal.open_intents()), "")
    for request in recover(SETTING, booted, AFTER_THE_CUT) if recovers else []:
        journal.finish(request.ends_op, request.record)
    lines = tuple(line for _, line in journal.pending(0, 1000))
    journal.close()
    return lines


async def card_of(uid: bytes, cells: bytes) -> Card:
    chip = ClassicChip(uid)
    chip.nvm.cells[:] = cells
    found = await Tap(ChipReader(chip), TERMINAL_KEYS, ScriptClock(START_MS)).next_card()
    assert isinstance(found, CardRead)
    return found.card


def untold(left: set[Left], folder: Path) -> Iterator[str]:
    """Yield what the hub still waits for, or has a person look at, for all that `left` tells.

    Before the terminal starts again the card is used at another.
    """
    for number, (lines, card) in enumerate(sorted(left, key=str)):
        (folder / str(number)).mkdir()
        world = World(folder / str(number), [PROGRAMME])
        world.clock.at_ms = AFTER_THE_CUT.at_ms
        elsewhere, here = world.till("h9"), world.till("k1")
        elsewhere.add(issued(card.uid, card.kind, MEMBER, SETTING), sold_elsewhere(card))
        here.add(*lines)
        world.take(*(it.batch() for it in (elsewhere, here) if it.lines))
        ask = AskAccount(ref="q", card=card.uid, member=MEMBER, ctr_seen=card.next_counter)
        (view,) = world.take(here.ask(ask))
        if view.is_provisional or world.cases():
            yield f"card at {card.counter}, lines {lines}, cases {world.cases()}"


def sold_elsewhere(card: Card) -> Sale:
    at_ms = AFTER_THE_CUT.at_ms - 1
    used = {"ctr_seen": card.counter, "ctr_used": card.next_counter, "touch": "done"}
    return sale("r9", card=card.uid, member=MEMBER, at_ms=at_ms, till_ms=at_ms, **used)


@pytest.mark.parametrize("kind", VISITS)
def test_every_number_on_a_card_is_stated_wherever_the_power_fails(tmp_path, folder, kind):
    @in_quick_time
    async def cut_everywhere():
        lived = await lived_at(kind, tmp_path)

        left = await all_left(lived, folder, recovers=True)

        assert {it.card.counter for it in left} == {1, 2}
        assert {it.card.next_counter - it.card.counter for it in left} == {1, 2}  # whole and torn
        assert list(untold(left, tmp_path)) == []

    cut_everywhere()


@pytest.mark.parametrize("kind", VISITS)
def test_the_cuts_see_a_terminal_that_does_not_look_for_open_intents(tmp_path, folder, kind):
    @in_quick_time
    async def cut_everywhere():
        lived = await lived_at(kind, tmp_path)

        left = await all_left(lived, folder, recovers=False)

        assert list(untold(left, tmp_path)) != []

    cut_everywhere()
