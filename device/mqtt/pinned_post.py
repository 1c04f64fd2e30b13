"""One request to the hub's web server, which a fingerprint knows rather than a name.

The fingerprint comes with the pairing code, so the first word to the hub is already to the right
one, with no authority that both would have to know.
"""

import hmac
import http.client
import ssl
from typing import NamedTuple

from device.errors import DeviceError
from loyalty.clock import Clock
from loyalty.letters import LETTER_MAX_BYTES
from loyalty.pairing import fingerprint_of

SILENCE_MAX_S = 10.0
ANSWER_WITHIN_MS = 60_000

_PIECE_BYTES = 65_536


class HubUnreached(DeviceError):
    """The hub's web server cannot be reached, or is not the hub's; look at the network."""


class WebPlace(NamedTuple):
    """Where a hub's web server is; without `fingerprint` it speaks HTTP."""

    host: str
    port: int
    fingerprint: bytes


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


def post(place: WebPlace, path: str, body: bytes, clock: Clock) -> Answer:
    """Return the hub's answer to `body`.

    Raises:
        HubUnreached: there is none in time, or it is longer than a letter may be, or another
            server stands there; `body` was not shown to that one.
    """
    link = _link(place)
    try:
        link.connect()
        _check(link, place)
        link.request("POST", path, body, {"Content-Type": "application/octet-stream"})
        response = link.getresponse()
        return Answer(response.status, _read(response, clock))
    # UnicodeError: a name that no host can have, found out by Python's codec for such names.
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise HubUnreached(f"no hub at {place.host}:{place.port}: {reason}") from error
    finally:
        link.close()


def _link(place: WebPlace) -> http.client.HTTPConnection:
    if not place.fingerprint:
        return http.client.HTTPConnection(place.host, place.port, timeout=SILENCE_MAX_S)
    # Its name and issuer say nothing here; `_check` looks at the certificate itself.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(
        place.host, place.port, timeout=SILENCE_MAX_S, context=context
    )


def _check(link: http.client.HTTPConnection, place: WebPlace) -> None:
    if not place.fingerprint:
        return
    assert isinstance(link.sock, ssl.SSLSocket)
    shown = link.sock.getpeercert(binary_form=True) or b""
    if not hmac.compare_digest(fingerprint_of(shown), place.fingerprint):
        raise HubUnreached(
            f"{place.host}:{place.port} shows another certificate than the hub's: somebody may"
            " stand between, or the hub has a new one; ask for a new code"
        )


def _read(response: http.client.HTTPResponse, clock: Clock) -> bytes:
    until_ms = clock.monotonic_ms() + ANSWER_WITHIN_MS
    body = b""
    while piece := response.read1(_PIECE_BYTES):
        body += piece
        if len(body) > LETTER_MAX_BYTES:
            raise HubUnreached(f"an answer of more than {LETTER_MAX_BYTES} bytes")
        if clock.monotonic_ms() > until_ms:
            raise HubUnreached(f"no whole answer within {ANSWER_WITHIN_MS} ms")
    return body
