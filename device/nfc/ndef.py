"""NDEF messages of one URL, as phones read them off a card. Portable.

Source: NFC Forum NDEF 1.0 §3.2 for the record, RTD URI 1.0 §3.2 for its payload.
"""

_SHORT_URI_RECORD = b"\xd1\x01"  # First and last of its message, short, well-known, one type byte.
_URI = b"U"
_HTTPS = "https://"
_HTTPS_CODE = b"\x04"

URI_AT = 5  # Where the URL goes on, after its prefix, in a message.
URL_MAX_CHARS = 200


def url_message(url: str) -> bytes:
    """Return the message that has a phone open `url`.

    Raises:
        ValueError: it does not begin with https://, is too long or not plain ASCII.
    """
    if not url.startswith(_HTTPS) or len(url) > URL_MAX_CHARS or any(ord(it) > 126 for it in url):
        raise ValueError(f"URL {url!r}, wanted https:// and up to {URL_MAX_CHARS} of ASCII")
    payload = _HTTPS_CODE + url[len(_HTTPS) :].encode()
    return _SHORT_URI_RECORD + bytes([len(payload)]) + _URI + payload


def url_in(message: bytes) -> str:
    """Return the URL of a message as `url_message` makes it, or "" for any other bytes."""
    if len(message) < URI_AT or message[:2] != _SHORT_URI_RECORD:
        return ""
    if message[3:URI_AT] != _URI + _HTTPS_CODE or len(message) < URI_AT - 1 + message[2]:
        return ""
    try:
        return _HTTPS + message[URI_AT : URI_AT - 1 + message[2]].decode("ascii")
    except ValueError:
        return ""
