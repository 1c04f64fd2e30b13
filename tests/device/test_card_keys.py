"""The file of card keys: read whole, and never repeated."""

import pytest

from device.card_keys import read_card_keys
from device.config_table import ConfigError
from device.nfc.cards.keys import DEFAULT_TAP_URL

MASTER, SEAL_KEY = "00" * 16, "11" * 32
WHOLE = f'master = "{MASTER}"\nseal_key = "{SEAL_KEY}"\n'


def read(folder, text: str):
    path = folder / "card-keys.toml"
    path.write_text(text)
    return read_card_keys(path)


def test_keys_are_read_and_bring_chance_of_their_own(tmp_path):
    keys = read(tmp_path, WHOLE)

    assert (keys.master, keys.seal_key) == (bytes(16), b"\x11" * 32)
    assert keys.tap_url == DEFAULT_TAP_URL
    assert keys.challenge() != keys.challenge()


def test_the_url_that_phones_open_may_be_named(tmp_path):
    keys = read(tmp_path, WHOLE + 'tap_url = "https://shop.example/c"\n')

    assert keys.tap_url == "https://shop.example/c"


def test_a_technicians_file_has_one_key_more(tmp_path):
    technicians = read(tmp_path, WHOLE + f'credit_master = "{"22" * 16}"\n')
    terminals = read(tmp_path, WHOLE)

    assert technicians.credit_master == b"\x22" * 16
    assert terminals.credit_master is None


def test_a_credit_master_of_another_length_is_told(tmp_path):
    with pytest.raises(ConfigError, match="credit_master: wanted 32 hexadecimal digits"):
        read(tmp_path, WHOLE + f'credit_master = "{MASTER[2:]}"\n')


@pytest.mark.parametrize("url", ['"http://shop.example"', '"https://' + "a" * 200 + '"', "5"])
def test_a_url_that_fits_no_card_is_told(tmp_path, url):
    with pytest.raises(ConfigError, match=r"tap_url: URL .* wanted https://"):
        read(tmp_path, WHOLE + f"tap_url = {url}\n")


@pytest.mark.parametrize("text", ["", f'master = "{MASTER}"', 'master = "5ec2e7"', "master ="])
def test_what_is_no_file_of_keys_is_told_without_its_secrets(tmp_path, text):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)

    assert "card-keys.toml" in str(raised.value)
    assert "5ec2e7" not in str(raised.value)


def test_every_mistake_of_the_file_is_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, f'master = 5\nseal_kye = "{SEAL_KEY}"\ntap_url = "ftp://"\n')

    told = str(raised.value)
    for words in ("master: wanted 32", "seal_key: wanted 64", "tap_url: URL", "'seal_kye': not a"):
        assert words in told
    assert SEAL_KEY not in told


def test_keys_that_others_may_read_are_a_mistake(tmp_path):
    path = tmp_path / "card-keys.toml"
    path.write_text(f'master = "{MASTER}"\nseal_key = "{SEAL_KEY}"\n')
    path.chmod(0o640)

    with pytest.raises(ConfigError, match=f"{path}: found mode 640, .*wanted 600"):
        read_card_keys(path)
