"""A known device replaces its secret and its password: the letter is under the one it replaces.

Both secrets hold until the device seals something with the new one (`Intake`); the password is the
new one at once. Asked again, in the same words, the answer is the same.
"""

import hmac

from hub.ledger.devices import add_secret, register_device
from hub.ledger.ledger import Ledger, insistently
from loyalty.chain import is_name
from loyalty.introductions import CHANGE, MessageError, SecretChange, from_bytes
from loyalty.letters import LetterError, open_letter


def change_secret(ledger: Ledger, device: str, kid: str, letter: bytes) -> SecretChange | None:
    """Return the change that `letter`, written under secret `kid`, asked for and that holds now.

    None if nobody of that name may have written it.

    Raises:
        LedgerUnavailable: the database does not answer; nothing happened.
    """
    return insistently(lambda: _change(ledger, device, kid, letter))


def _change(ledger: Ledger, device: str, kid: str, letter: bytes) -> SecretChange | None:
    if not is_name(device):
        return None
    with ledger.engine.asking():
        found = ledger.connection.execute(_SECRETS, (device,)).fetchall()
    secrets = {known: secret for _, _, known, secret in found}
    change = _read(secrets.get(kid), device, letter)
    if change is None or change.kid == kid:
        return None
    if hmac.compare_digest(secrets.get(change.kid, b""), change.secret):
        return change
    with ledger.transaction() as database:
        # It may have been shut out since, or another may have changed it.
        if database.execute(f"{_SECRETS}{ledger.engine.lock}", (device,)).fetchall() != found:
            return None
        number = register_device(database, found[0][1], device, change.password)
        add_secret(database, number, change.kid, change.secret)
    return change


def _read(secret: bytes | None, device: str, letter: bytes) -> SecretChange | None:
    if secret is None:
        return None
    try:
        change = from_bytes(
            open_letter(secret, CHANGE, letter, about=device.encode()), SecretChange
        )
    except (LetterError, MessageError):
        return None
    assert isinstance(change, SecretChange)
    return change


_SECRETS = (
    "SELECT device.id, store, kid, secret FROM device JOIN device_secret"
    " ON device_secret.device = device.id WHERE name = ? AND revoked_ms IS NULL ORDER BY kid"
)
