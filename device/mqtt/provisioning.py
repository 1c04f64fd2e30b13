"""How a new terminal becomes a device of the hub, with the code that the hub showed.

What is secret is made here and written down before the hub hears of it, so that a lost answer or a
power cut at any moment leaves a terminal that says the same again, and is answered the same.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from device.mqtt.credentials import (
    Credentials,
    CredentialsError,
    Keys,
    read_credentials,
    write_credentials,
    write_private,
)
from device.mqtt.letter_exchange import NotOpened, NotProvisioned, Send, exchange
from device.mqtt.pinned_post import WebPlace
from loyalty.introductions import (
    INTRODUCTION,
    SECRET_BYTES,
    WELCOME,
    Introduction,
    MessageError,
    Refused,
    Welcome,
    from_bytes,
    to_bytes,
)
from loyalty.letters import NONCE_BYTES, close_letter
from loyalty.pairing import PairingCode, shared_key

CREDENTIALS = "credentials.json"
CA_CERTIFICATE, CERTIFICATE, KEY = "ca.crt", "device.crt", "device.key"
DRAFT = "introduction.json"


class Paired(NamedTuple):
    """What pairing came to: `programme` is a text, empty where this was done before."""

    credentials: Credentials
    programme: str


class _Draft(NamedTuple):
    """What we introduce ourselves with, and the key of the certificate that we ask for."""

    code: str
    introduction: Introduction
    key: str


def pair(
    code: PairingCode,
    kind: str,
    folder: Path,
    *,
    send: Send,
    random_bytes: Callable[[int], bytes],
    now_ms: int,
) -> Paired:
    """Return what makes a `kind` of terminal in `folder` the device that `code` is for.

    Done again with the same code it goes on where it ended.

    Raises:
        CredentialsError: `folder` cannot be written, or belongs to another device.
        HubUnreached: there is no answer; do it again before the code ends.
        NotProvisioned: the hub refuses, or who answers is not the hub.
    """
    done = _done_before(folder / CREDENTIALS, code)
    if done is not None:
        return Paired(done, "")
    draft = _draft(folder / DRAFT, code, kind, random_bytes)
    key, place = shared_key(code.id, code.secret), WebPlace(code.host, code.port, code.fingerprint)
    letter = close_letter(
        key,
        INTRODUCTION,
        to_bytes(draft.introduction),
        about=code.id.encode(),
        nonce=random_bytes(NONCE_BYTES),
    )
    try:
        said = exchange(send, place, f"/pair/{code.id}", letter, secret=key, purpose=WELCOME)
    except NotOpened:
        raise NotProvisioned("the hub does not know this code, or has shut it; ask again") from None
    welcome = _welcome(said)
    if isinstance(welcome, Refused):
        (folder / DRAFT).unlink(missing_ok=True)
        raise NotProvisioned(f"the hub refuses: {welcome.reason}")
    credentials = _take(folder, welcome, draft, place, now_ms)
    (folder / DRAFT).unlink(missing_ok=True)
    return Paired(credentials, welcome.programme)


def _done_before(path: Path, code: PairingCode) -> Credentials | None:
    if not path.exists():
        return None
    found = read_credentials(path)
    if found.code != code.id:
        raise CredentialsError(
            f"{path}: this is {found.device} of {found.store} already; take another folder"
        )
    return found


def _draft(
    path: Path, code: PairingCode, kind: str, random_bytes: Callable[[int], bytes]
) -> _Draft:
    """Return the draft that was begun with `code`, or a new one, which is on disk then."""
    try:
        begun = json.loads(path.read_bytes())
        introduction = from_bytes(begun["introduction"].encode(), Introduction)
        assert isinstance(introduction, Introduction)
        if begun["code"] == code.id and introduction.kind == kind:
            return _Draft(code.id, introduction, str(begun["key"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # none yet, or of another code
    request, key = _request()
    introduction = Introduction(
        kind=kind,
        secret=random_bytes(SECRET_BYTES),
        password=random_bytes(SECRET_BYTES).hex(),
        request=request,
    )
    values = {"code": code.id, "introduction": to_bytes(introduction).decode(), "key": key}
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CredentialsError(f"{path.parent}: {error.strerror}, wanted a folder") from error
    write_private(path, json.dumps(values).encode())
    return _Draft(code.id, introduction, key)


def _request() -> tuple[str, str]:
    """Return a request for a certificate (PKCS #10) and its key, in PEM; the hub gives the name."""
    key = ec.generate_private_key(ec.SECP256R1())
    nameless = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = nameless.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return request.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def _welcome(said: bytes) -> Welcome | Refused:
    try:
        message = from_bytes(said, Welcome, Refused)
    except MessageError as error:
        raise NotProvisioned(f"the hub speaks another version than this: {error}") from error
    assert isinstance(message, Welcome | Refused)
    return message


def _take(
    folder: Path, welcome: Welcome, draft: _Draft, place: WebPlace, now_ms: int
) -> Credentials:
    """Write down what the hub said; the credentials are last, and make all of it count."""
    files = {CA_CERTIFICATE: welcome.broker_ca}
    if welcome.certificate:
        files |= {CERTIFICATE: welcome.certificate, KEY: draft.key}
    written = {name: name for name, text in files.items() if text}
    for name in written:
        write_private(folder / name, files[name].encode())
    credentials = Credentials(
        code=draft.code,
        store=welcome.store,
        device=welcome.device,
        host=welcome.broker_host,
        port=welcome.broker_port,
        ca_file=written.get(CA_CERTIFICATE, ""),
        certificate_file=written.get(CERTIFICATE, ""),
        key_file=written.get(KEY, ""),
        hub_key=welcome.hub_key,
        hub=place,
        keys=Keys(
            kid=welcome.kid,
            secret=draft.introduction.secret,
            password=draft.introduction.password,
        ),
        following=None,
        since_ms=now_ms,
    )
    write_credentials(folder / CREDENTIALS, credentials)
    return credentials
