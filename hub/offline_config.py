"""The hub's own keys in its configuration, for what works without it (docs/offline.md).

    lease_key_file = "lease.key"        # revisit hub lease-key lease.key; left out: no documents
    card_keys_file = "card-keys.toml"   # with credit_master; left out: no card carries anything

The key's file may be read by the hub's user only.
"""

import tomllib
from pathlib import Path

from hub.errors import HubError
from hub.posting.offline_keys import OfflineKeys
from hub.secret_files import secret_key
from hub.whole_file import write_whole
from loyalty.keys import MASTER_BYTES
from loyalty.programme_table import Table
from loyalty.signatures import SEED_BYTES


def read_offline_keys(root: Table, folder: Path) -> OfflineKeys | None:
    """Return the keys that `root` names the files of; mistakes are noted."""
    if not root.has("lease_key_file"):
        root.knows("lease_key_file")
        return None
    seed = root.parsed("lease_key_file", lambda it: read_seed(folder / it), b"")
    credit_master = None
    if root.has("card_keys_file"):
        credit_master = root.parsed("card_keys_file", lambda it: _credit_master(folder / it), None)
    return OfflineKeys(signing_seed=seed, credit_master=credit_master)


def read_seed(path: Path) -> bytes:
    """Return the signing key in the file at `path`.

    Raises:
        ValueError: it cannot be read, is no key, or is for others to read too.
    """
    return secret_key(path, size_bytes=SEED_BYTES, made_by="revisit hub lease-key")


def make_seed(path: Path, seed: bytes) -> None:
    """Write `seed` into a new file at `path`, for its user only.

    Raises:
        HubError: the disk refuses.
    """
    try:
        write_whole(path, f"{seed.hex()}\n".encode())
    except OSError as error:
        raise HubError(f"{path}: {error.strerror}, a place to write to wanted") from error


def _credit_master(path: Path) -> bytes | None:
    try:
        digits = tomllib.loads(path.read_text(encoding="utf-8")).get("credit_master")
    except (OSError, ValueError):
        return None  # who reads the terminals' master says what is wrong
    if digits is None:
        return None
    try:
        master = bytes.fromhex(digits)
    except (TypeError, ValueError):
        master = b""  # What is there may be half a key, so it is not repeated.
    if len(master) != MASTER_BYTES:
        raise ValueError(f"{path}: wanted a credit_master of {2 * MASTER_BYTES} hexadecimal digits")
    return master
