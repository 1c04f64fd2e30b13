"""A document of the hub's, put together from its parts and believed once its signature is right."""

from binascii import a2b_base64

from device.errors import DeviceError
from loyalty.receipts import DocumentPart
from loyalty.signatures import is_signed

PURPOSE = "document"
PARTS_MAX = 64


class BadDocument(DeviceError):
    """Its parts do not fit together, or the hub's key has not signed it; ask anew later."""


class DocumentParts:
    """The parts of a newer version of document `name`, as they come; `wanted` is the next one."""

    def __init__(self, name: str, public_key: bytes) -> None:
        self._name = name
        self._public_key = public_key
        self._first: DocumentPart | None = None
        self._data = b""
        self.wanted = 0

    def take(self, part: DocumentPart) -> str | None:
        """Return the text once `part` was the last of it, None before.

        Raises:
            BadDocument: this is no part of it, or the whole is not what the hub signed.
        """
        first = self._first = self._first or part
        found = (part.name, part.version, part.parts, part.part)
        wanted = (self._name, first.version, first.parts, self.wanted)
        if found != wanted or not 1 <= part.parts <= PARTS_MAX:
            raise BadDocument(f"part {found}, wanted {wanted} and at most {PARTS_MAX} parts")
        try:
            self._data += a2b_base64(part.text, strict_mode=True)
        except ValueError as error:
            raise BadDocument(f"document {self._name}: {error}") from error
        self.wanted += 1
        return self._checked(part) if self.wanted == part.parts else None

    def _checked(self, last: DocumentPart) -> str:
        message = f"{self._name}\n{last.version}\n".encode() + self._data
        try:
            signature, text = bytes.fromhex(last.signature), self._data.decode()
        except ValueError as error:
            raise BadDocument(f"document {self._name}: {error}") from error
        if not is_signed(self._public_key, PURPOSE, message, signature):
            raise BadDocument(f"document {self._name} {last.version}: not signed by the hub's key")
        return text
