"""What devices pull: the newest programme and the list of stopped cards, signed by the hub."""

from base64 import b64encode
from typing import NamedTuple

from hub.ledger.hotlist import Hotlist
from loyalty.asks import AskDocument
from loyalty.fields import PART_MAX_CHARACTERS
from loyalty.receipts import DocumentIsCurrent, DocumentPart, Refusal
from loyalty.signatures import sign

PROGRAMME, HOTLIST = "programme", "hotlist"
PURPOSE = "document"
PART_MAX_BYTES = PART_MAX_CHARACTERS // 4 * 3  # in Base64 (RFC 4648, section 4)


class Document(NamedTuple):
    """A text that devices keep; `version` rises with every change."""

    name: str
    version: int
    text: bytes

    @property
    def message(self) -> bytes:
        """What the hub signs, so that no text passes for another document or version."""
        return f"{self.name}\n{self.version}\n".encode() + self.text


class Documents:
    """Answers asks for documents."""

    def __init__(self, hotlist: Hotlist, seed: bytes | None, programme: Document | None) -> None:
        """Sign with `seed`; without it, or without a `programme`, nobody gets one."""
        self._hotlist = hotlist
        self._seed = seed
        self._programme = programme

    def answer(self, ask: AskDocument, now_ms: int) -> DocumentIsCurrent | DocumentPart | Refusal:
        """Return the part that `ask` wants, if the document is newer than what the device has."""
        version = self._version(ask.name)
        if self._seed is None or version is None:
            return Refusal(ref=ask.ref, reason="unknown_document")
        if version <= ask.version:
            return DocumentIsCurrent(
                ref=ask.ref, name=ask.name, version=ask.version, as_of_ms=now_ms
            )
        document = self._document(ask.name, version)
        parts = max(1, -(-len(document.text) // PART_MAX_BYTES))
        if ask.part >= parts:
            return Refusal(ref=ask.ref, reason="unknown_document")
        begin = ask.part * PART_MAX_BYTES
        return DocumentPart(
            ref=ask.ref,
            name=document.name,
            version=document.version,
            part=ask.part,
            parts=parts,
            text=b64encode(document.text[begin : begin + PART_MAX_BYTES]).decode(),
            signature=sign(self._seed, PURPOSE, document.message).hex(),
            as_of_ms=now_ms,
        )

    def _version(self, name: str) -> int | None:
        if name == HOTLIST:
            return self._hotlist.version()
        return self._programme.version if name == PROGRAMME and self._programme else None

    def _document(self, name: str, version: int) -> Document:
        if name == HOTLIST:
            stops = [f"{it.card} {it.reason}\n" for it in self._hotlist.stops()]
            return Document(name, version, "".join(stops).encode())
        assert self._programme is not None
        return self._programme
