"""What the hub says in public of its ledger: the head of every chain, under its signature.

    revisit heads 1
    ledger 7c0f…                       the ledger's name for itself
    at 1490788800000                   ms since 1970, UTC
    h1 e1 1203 9f8e…                   device, epoch, line, and the head after it
    hub 7c0f… 88 03ab…                 the hub's own decisions
    signed d75a… e556…                 the public key, and its signature of all before this line

A head stands for every line up to it, so whoever kept such a file can tell whether one of them was
changed or taken away since.
"""

from collections.abc import Iterable

from hub.errors import HubError
from hub.ledger.heads import ChainHead
from loyalty.signatures import is_signed, public_key_of, sign

PURPOSE = "heads"
TEXT_MAX_BYTES = 16 * 1024 * 1024  # of some 100,000 chains

_TITLE = "revisit heads 1"


def signed_heads(seed: bytes, incarnation: str, at_ms: int, heads: Iterable[ChainHead]) -> bytes:
    """Return the text that states `heads` at `at_ms`, signed with `seed`."""
    lines = [_TITLE, f"ledger {incarnation}", f"at {at_ms}"]
    lines += [" ".join(map(str, it)) for it in heads]
    stated = "".join(f"{it}\n" for it in lines).encode()
    signature = sign(seed, PURPOSE, stated).hex()
    return stated + f"signed {public_key_of(seed).hex()} {signature}\n".encode()


def read_signed_heads(text: bytes, public_key: bytes) -> list[ChainHead]:
    """Return the heads that `text` states, if whoever has `public_key` signed it.

    Raises:
        HubError: it is no such text, or another's, or was changed.
    """
    stated, mark, signature = text.rpartition(b"signed ")
    words = signature.split()
    if len(text) > TEXT_MAX_BYTES or not mark or len(words) != 2:
        raise HubError("found no signature at the end, wanted what `revisit ledger heads` writes")
    if not is_signed(public_key, PURPOSE, stated, _from_hex(words[1])):
        signer = words[0].decode(errors="replace")[:64]
        raise HubError(f"found heads of {signer!r}, or changed ones, {public_key.hex()} wanted")
    title, _, _, *heads = stated.decode("ascii").splitlines()
    if title != _TITLE:
        raise HubError(f"found {title[:40]!r}, wanted {_TITLE!r}")
    return [_head(it) for it in heads]


def _head(line: str) -> ChainHead:
    device, epoch, seq, head = line.split(" ")
    return ChainHead(device, epoch, int(seq), head)


def _from_hex(digits: bytes) -> bytes:
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""
