"""What nfcpy, another driver of the PN532, says of the card on the port that it is given.

    python tests/nfc/nfcpy_on_a_port.py PATH [URL]

With a URL it writes that to the card first. nfcpy finds ports in /dev only, so its transport is
made by hand.
"""

import sys
from functools import partial

import ndef
import nfc.clf
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag


def main(path: str, *urls: str) -> None:
    """Print what the card is, and what stands on it."""
    say = partial(print, flush=True)
    reader = nfc.clf.ContactlessFrontend()
    reader.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(path))
    reader.device._path = path
    target = reader.sense(nfc.clf.RemoteTarget("106A"))
    if target is None:
        say("no card")
    else:
        tag = nfc.tag.activate(reader, target)
        say(tag)
        if urls:
            tag.ndef.records = [ndef.UriRecord(url) for url in urls]
        if tag.ndef:
            say(tag.ndef.capacity, [record.uri for record in tag.ndef.records])
        say("present" if tag.is_present else "gone")
    reader.close()


main(*sys.argv[1:])
