"""One digest of a password for both brokers: mosquitto's own tool makes the same."""

import hashlib
import subprocess
from base64 import b64decode

import pytest

from hub.broker.passwords import is_password, mosquitto_password, password_digest

SALT = bytes(range(12))


def test_a_digest_is_the_one_that_mosquittos_own_tool_makes(tmp_path):
    file = tmp_path / "passwords"
    file.write_text("h1:open-sesame\n")
    subprocess.run(["mosquitto_passwd", "-U", str(file)], check=True, capture_output=True)
    salt = b64decode(file.read_text().split("$")[3])

    ours = mosquitto_password("h1", salt, password_digest(salt, "open-sesame"))

    assert ours == file.read_text().strip()


def test_only_the_password_is_the_password():
    digest = password_digest(SALT, "open-sesame")

    assert is_password("open-sesame", SALT, digest)
    assert not is_password("open-sesam", SALT, digest)
    assert not is_password("", b"", b"")


def test_what_was_kept_before_still_opens_our_own_broker_and_not_mosquitto():
    salt = bytes(16)
    older = hashlib.sha256(salt + b"open-sesame").digest()

    assert is_password("open-sesame", salt, older)
    assert not is_password("open", salt, older)
    with pytest.raises(ValueError, match="h1: its password was kept in a form"):
        mosquitto_password("h1", salt, older)
