"""The file of the secrets that cards are opened with: card-keys.toml.

    master = "…"      # 32 hexadecimal digits, from which every card's own keys come
    seal_key = "…"    # 64 hexadecimal digits, with which what stands on a card is sealed
    tap_url = "…"     # what a phone opens that meets a card with a URL; may be left out

Every terminal of a programme has the same. Hub and technicians have one key more, which makes
DESFire cards ours and counts up what they may spend:

    credit_master = "…"   # 32 hexadecimal digits
"""

import secrets
import tomllib
from pathlib import Path
from typing import Any

from device.config_table import CONFIG_MAX_BYTES, ConfigError
from device.nfc.cards.keys import DEFAULT_TAP_URL, CardKeys
from device.nfc.cards.ntag424_layout import ndef_file
from loyalty.private_files import check_private

SIZES_BYTES = {"master": 16, "seal_key": 32}
CREDIT_MASTER, CREDIT_MASTER_BYTES = "credit_master", 16
TAP_URL = "tap_url"


def read_card_keys(path: Path | None) -> CardKeys:
    """Return the keys in the file at `path`, which files.card_keys of the configuration names.

    Raises:
        ConfigError: it cannot be read, or has mistakes; what it holds is not repeated.
    """
    if path is None:
        raise ConfigError("files.card_keys: missing, this terminal reads cards")
    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(CONFIG_MAX_BYTES).decode())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML: the message may hold keys
        raise ConfigError(f"{path}: wanted TOML with {' and '.join(SIZES_BYTES)}") from error
    sizes_bytes = dict(SIZES_BYTES)
    if CREDIT_MASTER in found:
        sizes_bytes[CREDIT_MASTER] = CREDIT_MASTER_BYTES
    keys = {name: _key(found.get(name)) for name in sizes_bytes}
    tap_url = str(found.get(TAP_URL, DEFAULT_TAP_URL))
    mistakes = [
        f"{name}: wanted {2 * size} hexadecimal digits (openssl rand -hex {size})"
        for name, size in sizes_bytes.items()
        if len(keys[name]) != size
    ]
    mistakes += _mistakes_of_mode(path)
    mistakes += _mistakes_of_url(tap_url)
    mistakes += [
        f"{name[:40]!r}: not a key of this file"
        for name in found
        if name not in (*SIZES_BYTES, CREDIT_MASTER, TAP_URL)
    ]
    if mistakes:
        raise ConfigError("\n".join(f"{path}: {it}" for it in mistakes))
    return CardKeys(
        master=keys["master"],
        seal_key=keys["seal_key"],
        random_bytes=secrets.token_bytes,
        tap_url=tap_url,
        credit_master=keys.get(CREDIT_MASTER),
    )


def _mistakes_of_mode(path: Path) -> list[str]:
    try:
        check_private(path)
    except (OSError, ValueError) as error:
        return [str(error)]
    return []


def _mistakes_of_url(url: str) -> list[str]:
    try:
        ndef_file(url)
    except ValueError as error:
        return [f"{TAP_URL}: {error}"]
    return []


def _key(digits: Any) -> bytes:
    try:
        return bytes.fromhex(digits)
    except (TypeError, ValueError):
        return b""
