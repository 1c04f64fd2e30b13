"""A letter to the hub and the letter that answers it: no other answer is believed."""

import hashlib
from collections.abc import Callable

from device.errors import DeviceError
from device.mqtt.pinned_post import Answer, WebPlace
from loyalty.letters import LetterError, open_letter

Send = Callable[[WebPlace, str, bytes], Answer]

OK, NOT_FOR_YOU = 200, 403


class NotProvisioned(DeviceError):
    """The hub did not do it, or somebody else answers for it; the message says what to do."""


class NotOpened(NotProvisioned):
    """The hub cannot open our letter: it does not know the secret that it was written under."""


def exchange(
    send: Send, place: WebPlace, path: str, letter: bytes, *, secret: bytes, purpose: str
) -> bytes:
    """Return what the hub's answer to `letter` says, a letter for `purpose` under `secret`.

    Raises:
        HubUnreached: there is no answer; what we asked for may have been done.
        NotOpened: the hub does not know the letter's secret.
        NotProvisioned: the hub is busy, or the answer is not the hub's to this letter.
    """
    answer = send(place, path, letter)
    if answer.status == NOT_FOR_YOU:
        raise NotOpened("the hub does not know what this was written under")
    if answer.status != OK:
        raise NotProvisioned(f"the hub answers {answer.status} and did nothing; try again")
    try:
        about = hashlib.sha256(letter).digest()
        return open_letter(secret, purpose, answer.body, about=about)
    except LetterError as error:
        raise NotProvisioned(f"the answer is not the hub's, nothing was taken: {error}") from error
