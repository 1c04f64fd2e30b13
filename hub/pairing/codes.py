"""Pairing codes in the ledger: made for one store, used once to register a device, and shut again.

A code is good for one device: the same device may ask again until the code ends, as the answer may
have been lost. A letter that does not open counts against the code.
"""

import hashlib
from typing import NamedTuple

from hub.errors import HubError
from hub.ledger.cases import open_case
from hub.ledger.database import Database
from hub.ledger.devices import add_secret, forget_secrets, register_device
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.schema import HUB_DEVICE
from loyalty.chain import is_name
from loyalty.introductions import (
    INTRODUCTION,
    KINDS,
    Introduction,
    MessageError,
    Refused,
    from_bytes,
)
from loyalty.letters import LetterError, open_letter
from loyalty.pairing import (
    ID_BYTES,
    SECRET_BYTES,
    TRIES_MAX,
    VALID_MS,
    id_of,
    shared_key,
)

OPEN_MAX = 100  # codes at a time
FIRST_KID = "k1"
REUSED, GUESSED = "pairing_reused", "pairing_guessed"


class Wanted(NamedTuple):
    """What a code is for: a terminal of this store; without `name` it gets the next free one."""

    store: str
    kind: str
    name: str
    made_by: str


class NewCode(NamedTuple):
    """A code as it was made; only its holder has the secret."""

    id: str
    secret: bytes
    name: str


class Paired(NamedTuple):
    """A device that used a code, now or a moment ago; `key` is what letters to it are under."""

    key: bytes
    store: str
    name: str
    kid: str
    introduction: Introduction


class NotPaired(NamedTuple):
    """A refusal for who has the code."""

    key: bytes
    refused: Refused


class _Row(NamedTuple):
    key: bytes
    store: str
    kind: str
    name: str
    expires_ms: int
    tries: int
    used_by: str


def new_code(ledger: Ledger, wanted: Wanted, random_bytes: bytes, now_ms: int) -> NewCode:
    """Return a new code, good for `VALID_MS`; `random_bytes` are `ID_BYTES + SECRET_BYTES`.

    Raises:
        HubError: the store, kind or name cannot be; nothing was made.
    """
    assert len(random_bytes) == ID_BYTES + SECRET_BYTES
    for text in (wanted.store, wanted.name or wanted.store):
        if not is_name(text):
            raise HubError(f"{text[:40]!r} is no name: 1-64 of A-Z a-z 0-9 _ - wanted")
    if wanted.kind not in KINDS:
        raise HubError(f"kind {wanted.kind[:40]!r}, one of {', '.join(KINDS)} wanted")
    code, secret = id_of(random_bytes[:ID_BYTES]), random_bytes[ID_BYTES:]

    def make() -> str:
        with ledger.transaction() as database:
            # Two who ask at once get two names.
            database.execute(f"{_ANY_ROW}{ledger.engine.lock}")
            database.execute(
                "UPDATE pairing SET shared_key = ? WHERE expires_ms <= ?", (b"", now_ms)
            )
            _check_room(database, now_ms)
            name = wanted.name or _free_name(database, wanted, now_ms)
            _check_device(database, wanted.store, name)
            database.execute(
                _MAKE,
                (
                    *(code, shared_key(code, secret), wanted.store, wanted.kind, name),
                    *(wanted.made_by, now_ms, now_ms + VALID_MS),
                ),
            )
        return name

    return NewCode(code, secret, insistently(make))


def introduce(ledger: Ledger, code: str, letter: bytes, now_ms: int) -> Paired | NotPaired | None:
    """Register whoever wrote `letter` under `code`; None for one who does not have the code.

    Raises:
        LedgerUnavailable: the database does not answer; nothing happened.
    """
    # Strangers may ask as often as they like: they make nobody wait for a transaction.
    if not is_name(code):
        return None
    with ledger.engine.asking():
        if ledger.connection.execute(_FIND, (code,)).fetchone() is None:
            return None
    return insistently(lambda: _introduce(ledger, code, letter, now_ms))


def _introduce(ledger: Ledger, code: str, letter: bytes, now_ms: int) -> Paired | NotPaired | None:
    with ledger.transaction() as database:
        found = database.execute(f"{_FIND}{ledger.engine.lock}", (code,)).fetchone()
        row = None if found is None else _Row(*found)
        if row is None or not row.key or row.tries >= TRIES_MAX:
            return None
        try:
            content = open_letter(row.key, INTRODUCTION, letter, about=code.encode())
        except LetterError:
            _count_try(database, code, row, now_ms)
            return None
        try:
            introduction = from_bytes(content, Introduction)
        except MessageError as error:
            return NotPaired(row.key, Refused(reason=f"not understood: {error}"))
        assert isinstance(introduction, Introduction)
        who = hashlib.sha256(content).hexdigest()
        reason = _objection(database, row, introduction, who, now_ms)
        if reason:
            if row.used_by:
                open_case(database, REUSED, row.name, f"code {code}: {reason}", now_ms)
            return NotPaired(row.key, Refused(reason=reason))
        if not row.used_by:
            _register(database, row, introduction)
            values = (now_ms, who, code)
            database.execute("UPDATE pairing SET used_ms = ?, used_by = ? WHERE code = ?", values)
        return Paired(row.key, row.store, row.name, FIRST_KID, introduction)


def _objection(
    database: Database, row: _Row, introduction: Introduction, who: str, now_ms: int
) -> str:
    if row.used_by not in ("", who):
        return "another device has used this code"
    if now_ms >= row.expires_ms:
        return "this code has ended, ask for another"
    if introduction.kind != row.kind:
        return f"this code is for a {row.kind}, not for a {introduction.kind}"
    store, is_revoked = _stands(database, row.name)
    if store not in ("", row.store):
        return f"device {row.name} is of store {store} by now, ask for a code with another name"
    if is_revoked:
        return f"device {row.name} was shut out, ask for a code with another name"
    return ""


def _count_try(database: Database, code: str, row: _Row, now_ms: int) -> None:
    database.execute("UPDATE pairing SET tries = tries + 1 WHERE code = ?", (code,))
    if row.tries + 1 == TRIES_MAX:
        detail = f"code {code} is shut: {TRIES_MAX} letters were written under another secret"
        open_case(database, GUESSED, row.name, detail, now_ms)


def _register(database: Database, row: _Row, introduction: Introduction) -> None:
    number = register_device(database, row.store, row.name, introduction.password)
    forget_secrets(database, number)  # of the terminal that had this name before
    add_secret(database, number, FIRST_KID, introduction.secret)


def _check_room(database: Database, now_ms: int) -> None:
    statement = "SELECT count(*) FROM pairing WHERE expires_ms > ? AND used_ms IS NULL"
    (found,) = database.execute(statement, (now_ms,)).fetchone()
    if found >= OPEN_MAX:
        raise HubError(f"{found} codes wait to be used, at most {OPEN_MAX}; wait until they end")


def _check_device(database: Database, store: str, name: str) -> None:
    if name == HUB_DEVICE:
        raise HubError(f"{name!r} is the name of the hub itself, another wanted")
    found, is_revoked = _stands(database, name)
    if found not in ("", store):
        raise HubError(f"device {name!r} is of store {found!r}, {store!r} wanted")
    if is_revoked:
        raise HubError(f"device {name!r} was shut out for good, another name wanted")


def _stands(database: Database, name: str) -> tuple[str, bool]:
    """Return the store of device `name`, empty for a new one, and whether it was shut out."""
    statement = "SELECT store, revoked_ms FROM device WHERE name = ?"
    row = database.execute(statement, (name,)).fetchone()
    return ("", False) if row is None else (row[0], row[1] is not None)


def _free_name(database: Database, wanted: Wanted, now_ms: int) -> str:
    taken = {name for (name,) in database.execute(_NAMES, (now_ms,))}
    number = 1
    while (name := f"{wanted.store}-{wanted.kind}-{number}") in taken:
        number += 1
    if not is_name(name):
        raise HubError(f"{name!r} is too long for a device, give it a name")
    return name


_ANY_ROW = "SELECT value FROM meta WHERE name = 'incarnation'"
_NAMES = "SELECT name FROM device UNION SELECT name FROM pairing WHERE expires_ms > ?"
_FIND = (
    "SELECT shared_key, store, kind, name, expires_ms, tries, used_by FROM pairing WHERE code = ?"
)
_MAKE = (
    "INSERT INTO pairing (code, shared_key, store, kind, name, made_by, made_ms, expires_ms,"
    " tries, used_ms, used_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, '')"
)
