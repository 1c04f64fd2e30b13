"""How a terminal replaces its secret and its password, without ever being nobody.

The next keys are on disk before the hub hears of them, and the present ones stay until the hub has
answered under the next. Whatever is lost on the way, doing it again ends it: the hub takes the same
keys twice, and until then the present secret writes the letter.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from device.mqtt.credentials import Credentials, Keys, read_credentials, write_credentials
from device.mqtt.letter_exchange import NotOpened, NotProvisioned, Send, exchange
from loyalty.introductions import CHANGE, CHANGED, SECRET_BYTES, SecretChange, to_bytes
from loyalty.letters import NONCE_BYTES, close_letter

DAY_MS = 86_400_000


class Store(NamedTuple):
    """Where credentials are kept, whole and on disk."""

    read: Callable[[], Credentials]
    write: Callable[[Credentials], None]


def store_at(path: Path) -> Store:
    """Return the store in the file at `path`."""
    return Store(lambda: read_credentials(path), lambda it: write_credentials(path, it))


def is_due(credentials: Credentials, *, now_ms: int, after_days: int) -> bool:
    """Return whether keys are so old, or were to be replaced and the end of that is not known."""
    return credentials.following is not None or (
        now_ms - credentials.since_ms >= after_days * DAY_MS
    )


def change_secret(
    store: Store, *, send: Send, random_bytes: Callable[[int], bytes], now_ms: int
) -> Credentials:
    """Return the credentials with keys that are new and that the hub has.

    Raises:
        CredentialsError: they cannot be read or written.
        HubUnreached: there is no answer; the hub may have the next keys, so do it again.
        NotProvisioned: the hub does not take them; the present ones go on.
    """
    credentials = store.read()
    if credentials.following is None:
        credentials = replace(credentials, following=_next(credentials.keys, random_bytes))
        store.write(credentials)
    _tell(credentials, send, random_bytes)
    assert credentials.following is not None
    changed = replace(credentials, keys=credentials.following, following=None, since_ms=now_ms)
    store.write(changed)
    return changed


def _tell(credentials: Credentials, send: Send, random_bytes: Callable[[int], bytes]) -> None:
    keys, following = credentials.keys, credentials.following
    assert following is not None
    change = SecretChange(kid=following.kid, secret=following.secret, password=following.password)
    letter = close_letter(
        keys.secret,
        CHANGE,
        to_bytes(change),
        about=credentials.device.encode(),
        nonce=random_bytes(NONCE_BYTES),
    )
    path = f"/secrets/{credentials.device}/{keys.kid}"
    try:
        said = exchange(
            send, credentials.hub, path, letter, secret=following.secret, purpose=CHANGED
        )
    except NotOpened:
        raise NotProvisioned(
            f"the hub does not know {credentials.device}, or has shut it out: pair it anew"
        ) from None
    if said != following.kid.encode():
        raise NotProvisioned("the hub speaks another version than this")


def _next(keys: Keys, random_bytes: Callable[[int], bytes]) -> Keys:
    number = re.fullmatch(r"k([0-9]{1,9})", keys.kid, re.ASCII)
    return Keys(
        kid=f"k{int(number[1]) + 1}" if number else "k1",
        secret=random_bytes(SECRET_BYTES),
        password=random_bytes(SECRET_BYTES).hex(),
    )
