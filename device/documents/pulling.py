"""Documents of the hub's, pulled while it is there: the programme, and the cards that are stopped.

A programme that begins later is kept in the catalogue, beside the one that holds. It is followed
once its first day has begun, also without the hub, and after any number of restarts.

What the hub says is current is as old as its last answer about it. That age is kept for this boot
only: without having heard the hub in this boot nothing is spent anyhow.
"""

import asyncio
from collections.abc import Callable

import structlog

from device.documents.catalogue import Catalogue
from device.documents.document_parts import BadDocument, DocumentParts
from device.documents.hotlist import HOTLIST, NO_HOTLIST, Hotlist, cards_in
from device.documents.published import (
    PROGRAMME,
    PROGRAMME_TO_COME,
    parse_programme,
    programme_to_come,
)
from device.errors import DeviceError
from device.mqtt.client import HubClient
from loyalty.asks import AskDocument
from loyalty.clock import Clock
from loyalty.programme import Programme
from loyalty.receipts import DocumentIsCurrent, DocumentPart

PULL_EVERY_MS = 120_000
ASK_TIMEOUT_MS = 10_000

log = structlog.get_logger()


class Documents:
    """The documents of one terminal, in its catalogue; `hotlist` is what is known of cards."""

    def __init__(
        self,
        *,
        hub: HubClient,
        catalogue: Catalogue,
        hub_key: bytes,
        clock: Clock,
        boot: str,
        on_programme: Callable[[Programme], None],
    ) -> None:
        """Believe what `hub_key` has signed; `boot` makes the names of our asks this boot's own.

        `on_programme` is told of a newer programme.
        """
        self._hub = hub
        self._catalogue = catalogue
        self._hub_key = hub_key
        self._clock = clock
        self._boot = boot
        self._on_programme = on_programme
        self._asked = 0
        self._coming = _kept_until_now(catalogue)
        self.hotlist: Hotlist = NO_HOTLIST

    async def run(self) -> None:
        """Pull whenever the hub is there, and every few minutes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_pulling(), name="pulling")
            tasks.create_task(self._watch_calendar(), name="programme to come")

    async def pull(self) -> None:
        """Ask for what is newer than what is here; what fails stays as it was."""
        self._follow_what_has_begun()
        for name, taken in ((PROGRAMME, self._follow), (HOTLIST, self._stop_cards)):
            try:
                await self._pull(name, taken)
            except (DeviceError, ValueError) as error:
                log.warning("document_not_pulled", document=name, error=str(error))

    async def _keep_pulling(self) -> None:
        while True:
            await self._hub.until(lambda it: it.online)
            await self.pull()
            await self._clock.sleep_ms(PULL_EVERY_MS)

    async def _watch_calendar(self) -> None:
        while True:
            self._follow_what_has_begun()
            await self._clock.sleep_ms(PULL_EVERY_MS)

    def _follow_what_has_begun(self) -> None:
        if self._coming is None:
            return
        try:
            self._follow_once_begun(*self._coming)
        except (DeviceError, ValueError) as error:
            log.warning("programme_not_followed", error=str(error))

    async def _pull(self, name: str, taken: Callable[[int, str], None]) -> None:
        known = self._catalogue.get(name)
        version = 0 if known is None else known.version
        if name == PROGRAMME and self._coming is not None:
            version = self._coming[0].version
        parts = DocumentParts(name, self._hub_key)
        while True:
            answer = await self._hub.ask(self._ask(name, version, parts.wanted), ASK_TIMEOUT_MS)
            match answer:
                case DocumentIsCurrent(as_of_ms=as_of_ms):
                    text = "" if known is None else known.text
                    self._note(name, as_of_ms, text)
                    return
                case DocumentPart(version=newer, as_of_ms=as_of_ms) if newer > version:
                    text_now = parts.take(answer)
                    if text_now is not None:
                        taken(newer, text_now)
                        self._note(name, as_of_ms, text_now)
                        log.info("document_pulled", document=name, version=newer)
                        return
                case _:
                    raise BadDocument(f"{answer.kind} in answer to an ask for {name}")

    def _note(self, name: str, as_of_ms: int, text: str) -> None:
        if name == HOTLIST:
            self.hotlist = Hotlist(as_of_ms=as_of_ms, cards=cards_in(text))

    def _stop_cards(self, version: int, text: str) -> None:
        self._catalogue.put(HOTLIST, version, text)

    def _follow(self, version: int, text: str) -> None:
        programme = parse_programme(text, f"programme {version} of the hub")
        if programme.version != version:
            raise BadDocument(f"programme {programme.version}, wanted {version}")
        self._follow_once_begun(programme, text)

    def _follow_once_begun(self, programme: Programme, text: str) -> None:
        if self._clock.now_ms() < programme.starts_ms:
            self._coming = (programme, text)
            self._catalogue.put(PROGRAMME_TO_COME, programme.version, text)
            return
        is_newer = self._catalogue.put(PROGRAMME, programme.version, text)
        self._coming = None
        if is_newer:
            self._on_programme(programme)

    def _ask(self, name: str, version: int, part: int) -> AskDocument:
        self._asked += 1
        ref = f"{self._boot}-d{self._asked}"
        return AskDocument(ref=ref, name=name, version=version, part=part)


def _kept_until_now(catalogue: Catalogue) -> tuple[Programme, str] | None:
    """Return the programme to come in `catalogue`; one with mistakes is left to the hub."""
    try:
        return programme_to_come(catalogue)
    except DeviceError as error:
        log.warning("programme_to_come_not_read", error=str(error))
        return None
