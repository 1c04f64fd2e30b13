"""IPP messages, as bytes and back.

Source: RFC 8010 §3 (encoding). What arrives comes from a network: lengths are checked against what
is there, and counts have limits.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VALUES_MAX = 2000
MESSAGE_MAX_BYTES = 262_144

_VERSION = 0x0101  # spoken by every print queue and printer
_HEADER = struct.Struct(">HHi")  # version, operation or status, request id
_LENGTH = struct.Struct(">H")

# Delimiter tags, RFC 8010 §3.5.1; value tags, §3.5.2.
_OPERATION, _JOB, _END = 0x01, 0x02, 0x03
_FIRST_VALUE_TAG = 0x10
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_TEXT, _NAME, _KEYWORD, _URI = 0x41, 0x42, 0x44, 0x45
_CHARSET, _LANGUAGE, _MIME = 0x47, 0x48, 0x49
_WORDS = frozenset({_TEXT, _NAME, _KEYWORD, _URI, 0x46, _CHARSET, _LANGUAGE, _MIME})

Value = int | bool | str | bytes
Attributes = Mapping[str, tuple[Value, ...]]


class IppError(ValueError):
    """Bytes that are no IPP message; what was found and wanted."""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request; attributes of all groups together, the first of a name counts."""

    status: int
    request_id: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a request."""

    tag: int
    name: str
    values: tuple[str | int, ...]


def uri(name: str, value: str) -> Attribute:
    """Return an attribute with an address."""
    return Attribute(_URI, name, (value,))


def name(name: str, value: str) -> Attribute:
    """Return an attribute with a person's or thing's name."""
    return Attribute(_NAME, name, (value,))


def keywords(name: str, *values: str) -> Attribute:
    """Return an attribute with words of the protocol."""
    return Attribute(_KEYWORD, name, values)


def mime(name: str, value: str) -> Attribute:
    """Return an attribute with a type of document."""
    return Attribute(_MIME, name, (value,))


def integer(name: str, value: int) -> Attribute:
    """Return an attribute with a number."""
    return Attribute(_INTEGER, name, (value,))


def encode(
    operation: int,
    request_id: int,
    attributes: Sequence[Attribute],
    job_attributes: Sequence[Attribute] = (),
    document: bytes = b"",
) -> bytes:
    """Return a request; `attributes` begin with the target, as RFC 8011 §4.1.5 wants it."""
    first = (
        Attribute(_CHARSET, "attributes-charset", ("utf-8",)),
        Attribute(_LANGUAGE, "attributes-natural-language", ("en",)),
    )
    out = bytearray(_HEADER.pack(_VERSION, operation, request_id))
    out.append(_OPERATION)
    for attribute in (*first, *attributes):
        out += _encoded(attribute)
    if job_attributes:
        out.append(_JOB)
        for attribute in job_attributes:
            out += _encoded(attribute)
    out.append(_END)
    return bytes(out) + document


def decode(data: bytes) -> Response:
    """Return what an answer says.

    Raises:
        IppError: it is no answer.
    """
    if len(data) > MESSAGE_MAX_BYTES:
        raise IppError(f"message of {len(data)} bytes, at most {MESSAGE_MAX_BYTES}")
    if len(data) < _HEADER.size + 1:
        raise IppError(f"message of {len(data)} bytes, at least {_HEADER.size + 1}")
    version, status, request_id = _HEADER.unpack_from(data)
    if version >> 8 not in (1, 2):
        raise IppError(f"version {version >> 8}.{version & 0xFF}, wanted 1 or 2")
    return Response(status, request_id, _attributes(_Bytes(data, _HEADER.size)))


class _Bytes:
    """A message being read from front to back."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def tag(self) -> int:
        return self.take(1)[0]

    def text(self) -> bytes:
        return self.take(_LENGTH.unpack(self.take(2))[0])

    def take(self, length: int) -> bytes:
        part = self._data[self._at : self._at + length]
        if len(part) < length:
            raise IppError(f"message ends at {len(self._data)}, wanted {length} more bytes")
        self._at += length
        return part


def _attributes(data: _Bytes) -> Attributes:
    found: dict[str, list[Value]] = {}
    values: list[Value] | None = None
    for _ in range(VALUES_MAX):
        tag = data.tag()
        if tag == _END:
            return {key: tuple(these) for key, these in found.items()}
        if tag < _FIRST_VALUE_TAG:
            values = None
            continue
        key, value = data.text(), _value(tag, data.text())
        if key:
            values = []
            found.setdefault(key.decode("utf-8", "replace"), values)
        elif values is None:
            raise IppError("a further value without a first one")
        values.append(value)
    raise IppError(f"more than {VALUES_MAX} values")


def _value(tag: int, data: bytes) -> Value:
    if tag in (_INTEGER, _ENUM) and len(data) == 4:
        return int.from_bytes(data, "big", signed=True)
    if tag == _BOOLEAN and len(data) == 1:
        return data != b"\0"
    return data.decode("utf-8", "replace") if tag in _WORDS else data


def _encoded(attribute: Attribute) -> bytes:
    out = bytearray()
    key = attribute.name.encode()
    for value in attribute.values:
        data = value.to_bytes(4, "big", signed=True) if isinstance(value, int) else value.encode()
        out.append(attribute.tag)
        out += _LENGTH.pack(len(key)) + key + _LENGTH.pack(len(data)) + data
        key = b""
    return bytes(out)
