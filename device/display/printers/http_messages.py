"""As much of HTTP/1.1 as one IPP request takes: what is sent, and the answer as it arrives.

Source: RFC 9112 (message format, chunked transfer coding). The answer comes from a network, so
every length has a limit and anything else than expected is an error.
"""

import re

HEAD_MAX_BYTES = 16_384
BODY_MAX_BYTES = 262_144
CHUNK_LINE_MAX_BYTES = 64

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?")
_LENGTH = re.compile(r"[0-9]{1,9}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")


class HttpError(ValueError):
    """An answer that is none, or says no; the message has what was found and wanted."""


def post(host: str, port: int, path: str, body: bytes) -> bytes:
    """Return a request that carries an IPP message to `path`."""
    name = f"[{host}]" if ":" in host else host
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {name}:{port}\r\nContent-Type: application/ipp\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


class Answer:
    """Collects an answer, however it is cut."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._body = bytearray()
        self._left: int | None = None  # bytes of the body that are to come, where that is known
        self._is_chunked = False

    def feed(self, data: bytes) -> bytes | None:
        """Return the body once it is whole.

        Raises:
            HttpError: it is no answer of at most `BODY_MAX_BYTES`, or not a 200.
        """
        self._pending += data
        while self._left is None and not self._is_chunked:
            if not self._take_head():
                return None
        return self._take_chunks() if self._is_chunked else self._take_rest()

    def _take_head(self) -> bool:
        end = self._pending.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._pending)) > HEAD_MAX_BYTES:
            raise HttpError(f"more than {HEAD_MAX_BYTES} bytes of headers")
        if end < 0:
            return False
        first, *lines = bytes(self._pending[:end]).split(b"\r\n")
        del self._pending[: end + 4]
        status = _STATUS.fullmatch(first)
        if status is None:
            raise HttpError(f"answer begins with {first[:40]!r}, wanted HTTP/1.1 and a status")
        if status[1] == b"100":
            return True  # only "go on"; the answer follows
        if status[1] != b"200":
            raise HttpError(f"status {first[9:60].decode('latin-1')}, wanted 200")
        self._find_length(lines)
        return True

    def _find_length(self, lines: list[bytes]) -> None:
        headers = {}
        for line in lines:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise HttpError(f"coding {headers['transfer-encoding'][:40]!r}, wanted chunked")
            self._is_chunked = True
            return
        length = headers.get("content-length", "")
        if not _LENGTH.fullmatch(length) or int(length) > BODY_MAX_BYTES:
            raise HttpError(f"length {length[:20]!r}, wanted 0 to {BODY_MAX_BYTES}")
        self._left = int(length)

    def _take_rest(self) -> bytes | None:
        assert self._left is not None
        return bytes(self._pending[: self._left]) if len(self._pending) >= self._left else None

    def _take_chunks(self) -> bytes | None:
        while True:
            line_end = self._pending.find(b"\r\n")
            if line_end < 0 or line_end > CHUNK_LINE_MAX_BYTES:
                if len(self._pending) > CHUNK_LINE_MAX_BYTES:
                    raise HttpError("a chunk without its length")
                return None
            length = _CHUNK.fullmatch(bytes(self._pending[:line_end]))
            if length is None:
                raise HttpError(f"chunk length {bytes(self._pending[:line_end])!r}")
            size = int(length[1], 16)
            if len(self._body) + size > BODY_MAX_BYTES:
                raise HttpError(f"a body of more than {BODY_MAX_BYTES} bytes")
            end = line_end + 2 + size
            if size == 0:
                return bytes(self._body)
            if len(self._pending) < end + 2:
                return None
            if self._pending[end : end + 2] != b"\r\n":
                raise HttpError("a chunk that is longer than it says")
            self._body += self._pending[line_end + 2 : end]
            del self._pending[: end + 2]
