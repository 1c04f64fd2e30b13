"""What a terminal pulls from its hub: the programme it works by, and the cards that are stopped."""

import asyncio
from binascii import b2a_base64
from dataclasses import replace
from pathlib import Path

import pytest

from device.documents.catalogue import Catalogue, CatalogueFailed
from device.documents.hotlist import NO_HOTLIST, Hotlist
from device.documents.pulling import PULL_EVERY_MS, Documents
from device.mqtt.client import HubSilent
from loyalty.asks import AskDocument
from loyalty.receipts import DocumentIsCurrent, DocumentPart, Refusal
from loyalty.signatures import public_key_of, sign
from simulators.script_clock import ScriptClock

SEED = bytes(range(32))
NOW_MS = 1_800_000_000_000
PROGRAMME = (Path(__file__).parents[3] / "programmes" / "supermarket.toml").read_text()
FIRST_DAY = "valid_from = 2017-01-01"
NEWER = PROGRAMME.replace("version = 1\n", "version = 2\n", 1)
TOMORROW = NEWER.replace(FIRST_DAY, "valid_from = 2027-01-16")
A_DAY_MS = 24 * 3_600_000


class PublishingHub:
    """A hub that publishes `texts`, name to version and text, in parts of `part_bytes`."""

    def __init__(self, part_bytes: int = 1000) -> None:
        self.texts: dict[str, tuple[int, str]] = {}
        self.seed = SEED
        self.is_silent = False
        self.online = True
        self.as_of_ms = NOW_MS
        self.asked = []
        self._news = asyncio.Event()
        self._part_bytes = part_bytes

    async def until(self, holds) -> None:
        if not holds(self):
            await asyncio.Event().wait()

    async def was_asked_for(self, name: str) -> None:
        while name not in [it.name for it in self.asked]:
            self._news.clear()
            await self._news.wait()

    async def ask(self, ask, timeout_ms):
        self.asked.append(ask)
        self._news.set()
        if self.is_silent:
            raise HubSilent("no hub")
        version, text = self.texts.get(ask.name, (0, ""))
        if version <= ask.version:
            return DocumentIsCurrent(
                ref=ask.ref, name=ask.name, version=version, as_of_ms=self.as_of_ms
            )
        data = text.encode()
        start = ask.part * self._part_bytes
        message = f"{ask.name}\n{version}\n".encode() + data
        return DocumentPart(
            ref=ask.ref,
            name=ask.name,
            version=version,
            part=ask.part,
            parts=-(-len(data) // self._part_bytes),
            text=b2a_base64(data[start : start + self._part_bytes], newline=False).decode(),
            signature=sign(self.seed, "document", message).hex(),
            as_of_ms=self.as_of_ms,
        )


class FillingCatalogue(Catalogue):
    """A catalogue on a disk that may be full."""

    is_full = False

    def put(self, name, version, text) -> bool:
        if self.is_full:
            raise CatalogueFailed("the disk is full")
        return super().put(name, version, text)


class Place:
    """A terminal's documents, its catalogue, and the programmes it was told of."""

    def __init__(self, folder: Path) -> None:
        self.hub = PublishingHub()
        self.catalogue = FillingCatalogue(folder / "catalogue.json")
        self.catalogue.put("programme", 1, PROGRAMME)
        self.told = []
        self.was_told = asyncio.Event()
        self.clock = ScriptClock(NOW_MS)
        self.documents = Documents(
            hub=self.hub,
            catalogue=self.catalogue,
            hub_key=public_key_of(SEED),
            clock=self.clock,
            boot="e1-1",
            on_programme=self.tell,
        )

    def tell(self, programme) -> None:
        self.told.append(programme)
        self.was_told.set()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


async def test_a_newer_programme_is_kept_and_told(place):
    place.hub.texts["programme"] = (2, NEWER)

    await place.documents.pull()

    assert place.catalogue.get("programme").text == NEWER
    assert [it.version for it in place.told] == [2]


async def test_a_programme_that_begins_later_is_followed_from_its_first_day_on(place):
    place.hub.texts["programme"] = (2, TOMORROW)

    await place.documents.pull()
    before = [it.version for it in place.told], place.catalogue.get("programme").version
    asked = len(place.hub.asked)
    place.clock.move_to(NOW_MS + A_DAY_MS)
    await place.documents.pull()

    assert before == ([], 1)
    assert [it.version for it in place.told] == [2]
    assert place.catalogue.get("programme").version == 2
    assert len(place.hub.asked) == asked + 2


async def test_a_programme_begins_although_the_hub_has_gone_meanwhile(place):
    place.hub.texts["programme"] = (2, TOMORROW)
    running = asyncio.ensure_future(place.documents.run())
    await place.hub.was_asked_for("hotlist")

    place.hub.online = False
    place.clock.move_to(NOW_MS + A_DAY_MS)
    await asyncio.wait_for(place.was_told.wait(), 60.0)
    running.cancel()

    assert [it.version for it in place.told] == [2]
    assert place.catalogue.get("programme").version == 2


async def test_a_programme_that_cannot_be_kept_begins_once_it_can(place):
    place.hub.texts["programme"] = (2, TOMORROW)
    await place.documents.pull()
    place.clock.move_to(NOW_MS + A_DAY_MS)
    place.catalogue.is_full = True
    await place.documents.pull()
    before = list(place.told)

    place.catalogue.is_full, place.hub.is_silent = False, True
    await place.documents.pull()

    assert before == []
    assert [it.version for it in place.told] == [2]


async def restarted(folder, begun_ms=0):
    """Return a place that has started again, with no hub, `begun_ms` after the first one."""
    place = Place(folder)
    place.hub.online, place.hub.is_silent = False, True
    place.clock.move_to(NOW_MS + begun_ms)
    running = asyncio.ensure_future(place.documents.run())
    await asyncio.sleep(0)  # its tasks are made
    await asyncio.sleep(0)  # and have begun
    return place, running


async def test_a_programme_that_begins_later_outlives_every_restart_without_the_hub(tmp_path):
    first = Place(tmp_path)
    first.hub.texts["programme"] = (2, TOMORROW)
    await first.documents.pull()
    before, running = await restarted(tmp_path, A_DAY_MS // 2)
    running.cancel()

    after, running = await restarted(tmp_path, A_DAY_MS)
    running.cancel()
    last, running = await restarted(tmp_path, A_DAY_MS)
    running.cancel()

    assert [it.version for it in before.told] == []
    assert [it.version for it in after.told] == [2]
    assert last.told == []
    assert last.catalogue.get("programme").text == TOMORROW


async def test_a_programme_kept_from_an_earlier_start_begins_while_the_terminal_works(tmp_path):
    first = Place(tmp_path)
    first.hub.texts["programme"] = (2, TOMORROW)
    await first.documents.pull()
    place, running = await restarted(tmp_path)

    place.clock.move_to(NOW_MS + A_DAY_MS)
    await asyncio.wait_for(place.was_told.wait(), 60.0)
    running.cancel()

    assert [it.version for it in place.told] == [2]


async def test_a_programme_to_come_is_written_down_once_the_disk_has_room(tmp_path):
    first = Place(tmp_path)
    first.hub.texts["programme"] = (2, TOMORROW)
    first.catalogue.is_full = True
    await first.documents.pull()
    first.catalogue.is_full, first.hub.is_silent = False, True
    await first.documents.pull()

    place, running = await restarted(tmp_path, A_DAY_MS)
    running.cancel()

    assert [it.version for it in place.told] == [2]


async def test_a_programme_to_come_that_is_kept_is_not_asked_for_again(tmp_path):
    first = Place(tmp_path)
    first.hub.texts["programme"] = (2, TOMORROW)
    await first.documents.pull()
    place = Place(tmp_path)

    await place.documents.pull()

    assert [it.version for it in place.hub.asked if it.name == "programme"] == [2]


async def test_one_to_come_that_a_newer_programme_has_overtaken_is_forgotten(tmp_path):
    first = Place(tmp_path)
    first.hub.texts["programme"] = (2, TOMORROW)
    await first.documents.pull()
    first.catalogue.put("programme", 3, PROGRAMME.replace("version = 1\n", "version = 3\n", 1))

    place = Place(tmp_path)
    await place.documents.pull()
    place.clock.move_to(NOW_MS + A_DAY_MS)
    await place.documents.pull()

    assert place.told == []
    assert [it.version for it in place.hub.asked if it.name == "programme"] == [3, 3]


async def test_one_to_come_that_this_release_cannot_read_is_asked_for_anew(tmp_path):
    Place(tmp_path).catalogue.put("programme-to-come", 2, "version = 2\n")
    place = Place(tmp_path)
    place.hub.texts["programme"] = (2, NEWER)

    await place.documents.pull()

    assert [it.version for it in place.told] == [2]


async def test_a_programme_that_is_current_is_not_told_again(place):
    place.hub.texts["programme"] = (2, NEWER)

    await place.documents.pull()
    await place.documents.pull()

    assert len(place.told) == 1


async def test_stopped_cards_are_known_with_their_age(place):
    place.hub.texts["hotlist"] = (7, "04aa lost\n04bb cloned\n")

    await place.documents.pull()

    assert place.documents.hotlist == Hotlist(as_of_ms=NOW_MS, cards=frozenset({"04aa", "04bb"}))


async def test_a_list_that_is_current_is_as_old_as_the_answer_that_says_so(place):
    place.hub.texts["hotlist"] = (7, "04aa lost\n")
    await place.documents.pull()
    place.hub.as_of_ms = NOW_MS + PULL_EVERY_MS

    await place.documents.pull()

    assert place.documents.hotlist.as_of_ms == NOW_MS + PULL_EVERY_MS
    assert place.documents.hotlist.cards == {"04aa"}


async def test_no_card_stopped_is_a_list_too(place):
    await place.documents.pull()

    assert place.documents.hotlist == Hotlist(as_of_ms=NOW_MS, cards=frozenset())


async def test_a_list_kept_from_an_earlier_start_has_no_age_before_the_hub_was_heard(place):
    place.catalogue.put("hotlist", 7, "04aa lost\n")
    place.hub.is_silent = True

    await place.documents.pull()

    assert place.documents.hotlist == NO_HOTLIST


async def test_a_long_list_comes_in_parts(place):
    lines = "".join(f"04{number:012x} lost\n" for number in range(300))
    place.hub.texts["hotlist"] = (300, lines)

    await place.documents.pull()

    assert len(place.documents.hotlist.cards) == 300
    assert [it.part for it in place.hub.asked if it.name == "hotlist"] == list(range(6))
    assert len({it.ref for it in place.hub.asked}) == len(place.hub.asked)


async def test_what_another_has_signed_changes_nothing(place):
    place.hub.seed = bytes(32)
    place.hub.texts = {"programme": (2, NEWER), "hotlist": (7, "04aa lost\n")}

    await place.documents.pull()

    assert place.told == []
    assert place.documents.hotlist == NO_HOTLIST
    assert place.catalogue.get("hotlist") is None


async def test_a_programme_with_mistakes_leaves_the_old_one_and_the_list_is_pulled_all_the_same(
    place,
):
    place.hub.texts = {"programme": (2, "version = 2\n"), "hotlist": (7, "04aa lost\n")}

    await place.documents.pull()

    assert place.told == []
    assert place.catalogue.get("programme").version == 1
    assert place.documents.hotlist.cards == {"04aa"}


async def test_a_programme_that_calls_itself_another_version_is_refused(place):
    place.hub.texts["programme"] = (3, NEWER)

    await place.documents.pull()

    assert place.catalogue.get("programme").version == 1


async def test_an_older_list_that_somebody_kept_is_refused(place):
    place.hub.texts["hotlist"] = (7, "04aa lost\n")
    kept = await place.hub.ask(AskDocument(ref="r", name="hotlist", version=0, part=0), 0)
    place.hub.texts["hotlist"] = (8, "04aa lost\n04bb stolen\n")
    await place.documents.pull()

    async def replay(ask, timeout_ms):
        return replace(kept, ref=ask.ref)

    place.hub.ask = replay
    await place.documents.pull()

    assert place.documents.hotlist.cards == {"04aa", "04bb"}
    assert place.catalogue.get("hotlist").version == 8


async def test_a_hub_that_does_not_publish_is_not_believed_current(place):
    async def refuse(ask, timeout_ms):
        return Refusal(ref=ask.ref, reason="unknown_document")

    place.hub.ask = refuse

    await place.documents.pull()

    assert place.documents.hotlist == NO_HOTLIST
